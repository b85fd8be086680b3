import CCUDA
import Tensor

/// The primary context of a GPU, a stream that everything runs on in order, and the pool that memory comes from.
///
/// `@unchecked Sendable`: the handles never change, and the driver may be called from any thread that has made the
/// context current, which ``withCurrent(_:)`` does.
@safe
final class CUDAContext: @unchecked Sendable {
  let driver: CUDADriver
  let properties: CUDAProperties
  private let device: Int32
  private let context: CUDAHandle
  private let stream: CUDAHandle
  private let pool: CUDAHandle
  private let tally = CUDATally()

  /// Takes a GPU into use.
  init(_ driver: CUDADriver, _ properties: CUDAProperties) throws(ComputeError) {
    let what = "taking \(properties.name) into use"
    let functions = driver.functions
    var device: Int32 = 0
    try driver.check(unsafe functions.cuDeviceGet(&device, Int32(properties.index)), what)
    var (context, stream, pool): (svg_cuda_handle?, svg_cuda_handle?, svg_cuda_handle?) = (nil, nil, nil)
    try driver.check(unsafe functions.cuDevicePrimaryCtxRetain(&context, device), what)
    try driver.check(unsafe functions.cuCtxSetCurrent(context), what)
    // 1: a stream that does not wait for the one that other libraries use by default.
    try driver.check(unsafe functions.cuStreamCreate(&stream, 1), what)
    try driver.check(unsafe functions.cuDeviceGetDefaultMemPool(&pool, device), what)
    // `CU_MEMPOOL_ATTR_RELEASE_THRESHOLD`: layers ask for the same sizes again and again, so freed memory is kept until
    // `trim()`.
    var threshold = UInt64.max
    guard let memory = unsafe pool else { preconditionFailure("a pool that was found exists") }
    try driver.check(unsafe functions.cuMemPoolSetAttribute(memory, 4, &threshold), what)
    self.driver = driver
    self.properties = properties
    self.device = device
    unsafe self.context = CUDAHandle(context)
    unsafe self.stream = CUDAHandle(stream)
    unsafe self.pool = CUDAHandle(pool)
  }

  deinit {
    _ = unsafe driver.functions.cuCtxSetCurrent(context.pointer)
    _ = unsafe driver.functions.cuStreamSynchronize(stream.pointer)
    _ = unsafe driver.functions.cuStreamDestroy(stream.pointer)
    _ = driver.functions.cuDevicePrimaryCtxRelease(device)
  }

  /// Calls `body` with the functions and the stream while the context is current on this thread, and throws when it
  /// reports a failure.
  /// - Parameter event: What is counted.
  func call(
    counting event: CUDATally.Event? = nil, _ what: @autoclosure () -> String,
    _ body: (svg_cuda_driver, CUDAHandle) -> Int32
  ) throws(ComputeError) {
    if let event { tally.add(event) }
    try driver.check(unsafe driver.functions.cuCtxSetCurrent(context.pointer), what())
    try driver.check(body(driver.functions, stream), what())
  }

  /// Calls `body` without minding failures: for `deinit`.
  func callQuietly(_ body: (svg_cuda_driver, CUDAHandle) -> Void) {
    _ = unsafe driver.functions.cuCtxSetCurrent(context.pointer)
    body(driver.functions, stream)
  }

  /// Waits until everything is done.
  func synchronize() throws(ComputeError) { try wait { unsafe $0.cuStreamSynchronize($1.pointer) } }

  /// Calls `body`, which waits for the GPU.
  func wait(_ body: (svg_cuda_driver, CUDAHandle) -> Int32) throws(ComputeError) {
    try tally.waiting { () throws(ComputeError) in try call("waiting for the GPU", body) }
  }

  /// What the processor asked of the GPU so far.
  var activity: CUDAActivity { tally.activity }

  // MARK: Memory

  /// The bytes that are free, kept ones not counted, and all bytes.
  var memoryInfo: (free: Int, total: Int) {
    var (free, total) = (0, 0)
    callQuietly { functions, _ in _ = unsafe functions.cuMemGetInfo(&free, &total) }
    return (free, total)
  }

  /// How much memory tensors take and have taken; `idle` is what the pool keeps.
  var memoryUse: MemoryUse {
    let used = poolBytes(.usedNow)
    return MemoryUse(current: used, peak: poolBytes(.usedMost), idle: max(0, poolBytes(.reservedNow) - used))
  }

  /// What the pool held at its peak, and what is taken beside it now.
  var peakFootprint: Int {
    let (free, total) = memoryInfo
    return max(0, total - free - poolBytes(.reservedNow)) + poolBytes(.reservedMost)
  }

  /// What the driver counts of a pool: `CU_MEMPOOL_ATTR_…_MEM_CURRENT` and `…_MEM_HIGH`.
  private enum PoolBytes: Int32 {
    case reservedNow = 5
    case reservedMost = 6
    case usedNow = 7
    case usedMost = 8
  }

  private func poolBytes(_ attribute: PoolBytes) -> Int {
    var value: UInt64 = 0
    callQuietly { functions, _ in
      _ = unsafe functions.cuMemPoolGetAttribute(pool.pointer, attribute.rawValue, &value)
    }
    return Int(value)
  }

  /// Allocates memory in the order of the stream.
  /// - Throws: ``ComputeError`` with the code `outOfMemory` that says what was wanted and what is free.
  func allocate(_ byteCount: Int) throws(ComputeError) -> UInt64 {
    var address: UInt64 = 0
    var status: Int32 = 0
    try call(counting: .allocation, "allocating memory") { functions, stream in
      unsafe status = functions.cuMemAllocAsync(&address, max(byteCount, 16), stream.pointer)
      return 0
    }
    guard status == CUDADriver.outOfMemory else {
      try driver.check(status, "allocating \(byteCount >> 20) MiB on \(properties.name)")
      return address
    }
    let (free, total) = memoryInfo
    throw ComputeError(
      .outOfMemory,
      Self.outOfMemory(byteCount, device: properties.name, free: free, use: memoryUse, total: total))
  }

  /// What was wanted, what is free, who has the rest, and what to do.
  static func outOfMemory(_ wanted: Int, device: String, free: Int, use: MemoryUse, total: Int) -> String {
    let others = max(0, total - free - use.current - use.idle)
    let remedy =
      others > total / 20
      ? "end other programs that use the GPU, which hold \(others >> 20) MiB, or choose fewer frames"
      : "choose fewer frames or a smaller video, or decode with --tiling on; svgen plan says what would fit"
    return
      "\(wanted >> 20) MiB of memory are needed on \(device), and \((free + use.idle) >> 20) of \(total >> 20) MiB are "
      + "free, \(use.current >> 20) MiB in use by this program: \(remedy)"
  }

  /// Frees memory when the work before has been done.
  func free(_ address: UInt64) {
    callQuietly { functions, stream in _ = unsafe functions.cuMemFreeAsync(address, stream.pointer) }
  }

  /// Returns memory that no tensor uses to the system.
  func trim() {
    callQuietly { functions, stream in
      _ = unsafe functions.cuStreamSynchronize(stream.pointer)
      _ = unsafe functions.cuMemPoolTrimTo(pool.pointer, 0)
    }
  }
}

/// Memory of a GPU; it is freed in the order of the stream with the last tensor that looks into it.
final class CUDAStorage: TensorStorage {
  let byteCount: Int
  /// Where it lies on the device.
  let address: UInt64
  /// Whose memory it is.
  let context: CUDAContext

  /// Allocates memory with arbitrary contents.
  init(byteCount: Int, context: CUDAContext) throws(ComputeError) {
    address = try context.allocate(byteCount)
    self.byteCount = byteCount
    self.context = context
  }

  /// The processor cannot reach it.
  var hostAddress: UnsafeMutableRawPointer? { nil }

  deinit { context.free(address) }
}
