import Attention
import CCUDA
import Foundation
import Synchronization
import Tensor

/// An NVIDIA GPU: our kernels for everything but matrix products, which cuBLASLt does, and most convolutions, which cuDNN
/// does where it is there; bfloat16 activations, float32 sums.
///
/// Operations are given to one stream and return at once; the processor waits where it reads results, in
/// ``download(_:)``. What profiling finds decides on the GPU what runs next.
public final class CUDADevice: ComputeDevice {
  /// `bfloat16`.
  public let activationType = ElementType.bfloat16
  /// What the GPU is.
  public var properties: CUDAProperties { context.properties }

  /// 256 heads of at most 256 elements: what the kernels' parameters and registers hold.
  public let headLimits: HeadLimits

  let context: CUDAContext
  let kernels: CUDAKernels
  let products: CUDAMatrixProducts
  /// `nil` where there is no cuDNN: our kernel convolves then.
  let convolutions: CUDAConvolutions?
  let staging: CUDAStaging
  let masks = Mutex<[(key: CUDAMaskKey, mask: CUDAMask)]>([])
  let patternFlags = Mutex<[(patterns: [HeadPattern], flags: Tensor)]>([])
  let tileTables = Mutex<[(recipe: CUDATileLists.Recipe, heads: Int, tables: CUDATileTables)]>([])
  let booked: CUDATimes

  /// Takes a GPU into use.
  /// - Parameters:
  ///   - index: Its number, from 0.
  ///   - convolutions: What convolves, where there is cuDNN.
  /// - Throws: ``ComputeError`` with the code `unavailable` when the driver, a library or the GPU is missing, saying
  ///   which and how to get it; `unsupported` for a GPU older than Ampere.
  public convenience init(index: Int = 0, convolutions: CUDAConvolutionChoice = .worthwhile) throws {
    try self.init(index: index, convolutions: convolutions, search: .ofProcess)
  }

  private convenience init(index: Int, convolutions: CUDAConvolutionChoice, search: CUDALibrarySearch) throws {
    let driver = try CUDADriver(search: search)
    let properties = try Self.properties(of: driver, index: index)
    let compiler = try CUDACompiler(search: search, driverMajor: driver.version / 1000)
    let library = try LoadedLibrary(.matrixProducts, search: search, driverMajor: driver.version / 1000)
    try self.init(
      driver, properties, compiler: compiler, products: unsafe library.functions(svg_cublaslt_load),
      productsPath: library.path,
      cache: CUDAKernelCache(folder: CUDAKernelCache.folder(environment: ProcessInfo.processInfo.environment))
    ) { context, productsVersion in
      // A library that is missing, too old or made for another driver is what `svgen doctor` tells of.
      guard convolutions != .own,
        let library = try? LoadedLibrary(.convolutions, search: search, driverMajor: driver.version / 1000),
        let functions = unsafe try? library.functions(svg_cudnn_load)
      else { return nil }
      return try? CUDAConvolutions(
        context, functions: functions, path: library.path, productsVersion: productsVersion, choice: convolutions)
    }
  }

  /// Takes a GPU of libraries whose functions are known: for tests.
  /// - Parameters:
  ///   - convolutions: `nil` for a machine without cuDNN.
  ///   - choice: What convolves.
  ///   - mostCopiedBytes: What a copy of frames for cuDNN takes at most; the usual limit when `nil`.
  package convenience init(
    driver: svg_cuda_driver, compiler: svg_nvrtc, products: svg_cublaslt, convolutions: svg_cudnn?,
    index: Int = 0, choice: CUDAConvolutionChoice = .library, mostCopiedBytes: Int? = nil
  ) throws {
    let driver = try CUDADriver(functions: driver, path: "")
    try self.init(
      driver, Self.properties(of: driver, index: index), compiler: CUDACompiler(functions: compiler, path: ""),
      products: products, productsPath: "", cache: CUDAKernelCache(folder: nil)
    ) { context, productsVersion in
      try convolutions.map {
        try CUDAConvolutions(
          context, functions: $0, path: "", productsVersion: productsVersion, choice: choice,
          mostCopiedBytes: mostCopiedBytes ?? CUDAConvolutionForm.copyBytes)
      }
    }
  }

  private init(
    _ driver: CUDADriver, _ properties: CUDAProperties, compiler: CUDACompiler, products: svg_cublaslt,
    productsPath: String, cache: CUDAKernelCache,
    convolutions: (CUDAContext, _ productsVersion: Int) throws -> CUDAConvolutions?
  ) throws {
    context = try CUDAContext(driver, properties)
    let float8 = CUDATileKernels(dimension: CUDAFloat8Kernels.dimension, architecture: properties.architecture)?.float8
    headLimits = HeadLimits(
      heads: 256, dimension: 256, float8Dimensions: float8 == nil ? [] : [CUDAFloat8Kernels.dimension])
    self.products = try CUDAMatrixProducts(context, functions: products, path: productsPath)
    self.convolutions = try convolutions(context, self.products.version)
    kernels = CUDAKernels(context, compiler: compiler, cache: cache)
    staging = try CUDAStaging(context)
    booked = CUDATimes(context)
  }

  /// What the GPU of a number is.
  private static func properties(of driver: CUDADriver, index: Int) throws -> CUDAProperties {
    let count = driver.deviceCount
    guard index < count else {
      throw ComputeError(
        .unavailable,
        count == 0
          ? "the driver offers no GPU: look at nvidia-smi, and at CUDA_VISIBLE_DEVICES"
          : "there is no cuda:\(index): the GPUs have the numbers 0 to \(count - 1)")
    }
    let properties = try CUDAProperties(driver, index: index)
    guard properties.isUsable else {
      throw ComputeError(
        .unsupported,
        "\(properties.name) has compute capability \(properties.capability.major).\(properties.capability.minor), and 8.0 "
          + "(Ampere) is needed: choose --device cpu")
    }
    return properties
  }

  // MARK: Accounting

  /// How much memory tensors take and have taken.
  public var memory: MemoryUse { context.memoryUse }

  /// The most of the GPU's memory that was taken, in bytes: what the pool of tensors held at its peak, idle memory included,
  /// and what is taken beside it now, by the context, kernels and libraries, and by other programs.
  package var peakFootprint: Int { context.peakFootprint }

  /// What the processor asked of the GPU so far.
  package var activity: CUDAActivity { context.activity }

  /// Returns memory that no tensor uses to the system.
  public func trim() { context.trim() }

  /// Waits until everything that was given to the stream is done.
  package func synchronize() throws {
    try context.synchronize()
    booked.interrupt()
  }

  /// Where time went; waits for the GPU.
  public var times: OperationTimes { booked.times }

  /// Sets all times to zero.
  public func resetTimes() { booked.reset() }

  /// Gives `work` to the stream and books its time under `kind`.
  func measure<Result>(_ kind: OperationKind, _ work: () throws -> Result) throws -> Result {
    try booked.measure(kind, work)
  }

  /// A launch with a thread for each element.
  func elements(_ count: Int) -> CUDALaunch {
    CUDALaunch.elements(count, multiprocessors: properties.multiprocessors)
  }
}

extension Tensor {
  /// Where the elements lie on the GPU.
  /// - Precondition: The tensor was made by a CUDA device.
  var deviceAddress: UInt64 {
    guard let storage = storage as? CUDAStorage else { preconditionFailure("\(self) is not in the memory of a GPU") }
    return storage.address + UInt64(byteOffset)
  }
}

extension ElementType {
  /// The kernels' number of a floating-point type.
  var kernelCode: Int {
    switch self {
    case .float32: 0
    case .float16: 1
    case .bfloat16: 2
    case .int32: preconditionFailure("int32 is no floating-point type")
    }
  }
}

extension Activation {
  /// The kernels' number of the function.
  var kernelCode: Int {
    switch self {
    case .identity: 0
    case .relu: 1
    case .silu: 2
    case .geluTanh: 3
    case .gelu: 4
    case .quickGELU: 5
    }
  }
}
