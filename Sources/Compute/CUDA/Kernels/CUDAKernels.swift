import CCUDA
import Synchronization

/// How many blocks of how many threads run, and what they share.
struct CUDALaunch: Hashable, Sendable {
  /// Blocks in each direction.
  var grid: (x: Int, y: Int)
  /// Threads of a block.
  var threads: Int
  /// Bytes of shared memory beside what the kernel declares.
  var sharedBytes = 0

  static func == (one: CUDALaunch, other: CUDALaunch) -> Bool {
    one.grid == other.grid && one.threads == other.threads && one.sharedBytes == other.sharedBytes
  }

  func hash(into hasher: inout Hasher) {
    for number in [grid.x, grid.y, threads, sharedBytes] { hasher.combine(number) }
  }

  /// A thread for each element, up to a few blocks for each multiprocessor: kernels step over the rest.
  static func elements(_ count: Int, multiprocessors: Int) -> CUDALaunch {
    let blocks = (count + 255) / 256
    return CUDALaunch(grid: (max(1, min(blocks, multiprocessors * 16)), 1), threads: 256)
  }

  /// A block for each row.
  static func rows(_ count: Int, _ others: Int = 1, threads: Int = 256, sharedBytes: Int = 0) -> CUDALaunch {
    CUDALaunch(grid: (count, others), threads: threads, sharedBytes: sharedBytes)
  }
}

/// The parameters of a kernel as its declaration lays them out: each at a multiple of its own size.
struct CUDAParameters {
  private(set) var bytes: [UInt8] = []

  init() {
    // As much as the longest list of parameters.
    bytes.reserveCapacity(256)
  }

  /// Puts zeros up to a multiple of `alignment`.
  mutating func align(_ alignment: Int) {
    while bytes.count % alignment != 0 { bytes.append(0) }
  }

  private mutating func append<Value: FixedWidthInteger>(_ value: Value) {
    align(Value.bitWidth / 8)
    unsafe withUnsafeBytes(of: value.littleEndian) { unsafe bytes.append(contentsOf: $0) }
  }

  /// A pointer.
  mutating func pointer(_ address: UInt64?) { append(address ?? 0) }
  /// A 32-bit integer.
  mutating func int(_ value: Int) { append(Int32(value)) }
  /// A 64-bit integer.
  mutating func long(_ value: Int) { append(Int64(value)) }
  /// A binary32.
  mutating func float(_ value: Float) { append(value.bitPattern) }
}

/// The kernels of a GPU: compiled or read from the disk when they are first used.
final class CUDAKernels: Sendable {
  /// A kernel that has been found.
  private struct Kernel {
    let handle: CUDAHandle
    /// Bytes of shared memory that a launch may ask for: what every kernel may, until it is allowed more.
    var sharedBytes = 48 << 10
  }

  private struct State {
    var modules: [CUDASource: CUDAHandle] = [:]
    var kernels: [String: Kernel] = [:]
  }

  private let context: CUDAContext
  private let compiler: CUDACompiler
  private let cache: CUDAKernelCache
  private let state = Mutex(State())

  init(_ context: CUDAContext, compiler: CUDACompiler, cache: CUDAKernelCache) {
    self.context = context
    self.compiler = compiler
    self.cache = cache
  }

  deinit {
    state.withLock { state in
      for module in state.modules.values {
        context.callQuietly { functions, _ in _ = unsafe functions.cuModuleUnload(module.pointer) }
      }
    }
  }

  /// A kernel that may be launched with so many bytes of shared memory; it lives as long as this object.
  /// - Throws: ``ComputeError`` with the compiler's or the driver's own words.
  private func kernel(_ name: String, in source: CUDASource, sharedBytes: Int) throws -> CUDAHandle {
    try state.withLock { state in
      var kernel = try state.kernels[name] ?? find(name, in: source, &state)
      if sharedBytes > kernel.sharedBytes {
        // `CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES`.
        try context.call("asking for \(sharedBytes) bytes of shared memory for \(name)") { functions, _ in
          unsafe functions.cuFuncSetAttribute(kernel.handle.pointer, 8, Int32(sharedBytes))
        }
        kernel.sharedBytes = sharedBytes
        state.kernels[name] = kernel
      }
      return kernel.handle
    }
  }

  private func find(_ name: String, in source: CUDASource, _ state: inout State) throws(ComputeError) -> Kernel {
    let module = try module(source, &state)
    var handle: svg_cuda_handle?
    try context.call("finding the kernel \(name)") { functions, _ in
      unsafe functions.cuModuleGetFunction(&handle, module.pointer, name)
    }
    let kernel = Kernel(handle: unsafe CUDAHandle(handle))
    state.kernels[name] = kernel
    return kernel
  }

  private func module(_ source: CUDASource, _ state: inout State) throws(ComputeError) -> CUDAHandle {
    if let module = state.modules[source] { return module }
    let program = source.program
    let compilation = CUDACompilation(architecture: context.properties.architecture)
    let key = compilation.key(program, compiler: "NVRTC \(compiler.version)")
    let module: CUDAHandle
    if let image = cache.read(key), let loaded = try? load(image, program.name) {
      module = loaded
    } else {
      let image = try compiler.compile(program, compilation).image
      cache.write(image, key)
      module = try load(image, program.name)
    }
    state.modules[source] = module
    return module
  }

  private func load(_ image: [UInt8], _ name: String) throws(ComputeError) -> CUDAHandle {
    var module: svg_cuda_handle?
    try context.call("loading the kernels of \(name)") { functions, _ in
      unsafe image.withUnsafeBytes { bytes in
        guard let base = bytes.baseAddress else { return 1 }
        return unsafe functions.cuModuleLoadData(&module, base)
      }
    }
    return unsafe CUDAHandle(module)
  }

  /// Gives a kernel to the stream.
  func launch(
    _ name: String, in source: CUDASource, _ launch: CUDALaunch, _ fill: (inout CUDAParameters) -> Void
  ) throws {
    guard launch.grid.x > 0, launch.grid.y > 0 else { return }
    let kernel = try kernel(name, in: source, sharedBytes: launch.sharedBytes)
    var parameters = CUDAParameters()
    fill(&parameters)
    try context.call(counting: .launch, "launching \(name)") { functions, stream in
      unsafe parameters.bytes.withUnsafeBytes { bytes in
        guard let base = bytes.baseAddress else { return 1 }
        return unsafe svg_cuda_launch(
          functions.cuLaunchKernel, kernel.pointer, UInt32(launch.grid.x), UInt32(launch.grid.y),
          UInt32(launch.threads),
          UInt32(launch.sharedBytes), stream.pointer, base, bytes.count)
      }
    }
  }
}
