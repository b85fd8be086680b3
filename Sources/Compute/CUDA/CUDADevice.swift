import Attention
import CCUDA
import Foundation
import Synchronization
import Tensor

/// An NVIDIA GPU: our kernels for everything but matrix products, which cuBLASLt does; bfloat16 activations, float32 sums.
///
/// Operations are given to one stream and return at once; the processor waits where it reads results, in
/// ``download(_:)``. What profiling finds decides on the GPU what runs next.
public final class CUDADevice: ComputeDevice {
  /// `bfloat16`.
  public let activationType = ElementType.bfloat16
  /// What the GPU is.
  public var properties: CUDAProperties { context.properties }

  let context: CUDAContext
  let kernels: CUDAKernels
  let products: CUDAMatrixProducts
  let staging: CUDAStaging
  let masks = Mutex<[(key: CUDAMaskKey, mask: CUDAMask)]>([])
  let patternFlags = Mutex<[(patterns: [HeadPattern], flags: Tensor)]>([])
  let tileTables = Mutex<[(recipe: CUDATileLists.Recipe, tables: CUDATileTables)]>([])
  private let booked: CUDATimes

  /// Takes a GPU into use.
  /// - Parameter index: Its number, from 0.
  /// - Throws: ``ComputeError`` with the code `unavailable` when the driver, a library or the GPU is missing, saying
  ///   which and how to get it; `unsupported` for a GPU older than Ampere.
  public convenience init(index: Int = 0) throws {
    try self.init(index: index, search: .ofProcess)
  }

  private convenience init(index: Int, search: CUDALibrarySearch) throws {
    let driver = try CUDADriver(search: search)
    let properties = try Self.properties(of: driver, index: index)
    let compiler = try CUDACompiler(search: search, driverMajor: driver.version / 1000)
    let library = try LoadedLibrary(.matrixProducts, search: search, driverMajor: driver.version / 1000)
    try self.init(
      driver, properties, compiler: compiler, products: unsafe library.functions(svg_cublaslt_load),
      productsPath: library.path,
      cache: CUDAKernelCache(folder: CUDAKernelCache.folder(environment: ProcessInfo.processInfo.environment)))
  }

  /// Takes a GPU of libraries whose functions are known: for tests.
  package convenience init(
    driver: svg_cuda_driver, compiler: svg_nvrtc, products: svg_cublaslt, index: Int
  ) throws {
    let driver = try CUDADriver(functions: driver, path: "")
    try self.init(
      driver, Self.properties(of: driver, index: index), compiler: CUDACompiler(functions: compiler, path: ""),
      products: products, productsPath: "", cache: CUDAKernelCache(folder: nil))
  }

  private init(
    _ driver: CUDADriver, _ properties: CUDAProperties, compiler: CUDACompiler, products: svg_cublaslt,
    productsPath: String, cache: CUDAKernelCache
  ) throws {
    context = try CUDAContext(driver, properties)
    self.products = try CUDAMatrixProducts(context, functions: products, path: productsPath)
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

  /// Returns memory that no tensor uses to the system.
  public func trim() { context.trim() }

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
