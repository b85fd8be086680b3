import CDNN
import CKernels
import Synchronization
import Tensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The processor: our kernels for attention and everything bound by memory, oneDNN for matrix products and
/// convolutions.
///
/// Results depend on the processor's instruction set and never on the number of threads; the same operation twice gives
/// the same bits.
public final class CPUDevice: ComputeDevice {
  /// `float32` or `bfloat16`.
  public let activationType: ElementType
  /// The instruction set of the kernels.
  let instructionSet: svg_isa
  /// Whether the caller chose it: then attention uses it for every type of activations.
  let isInstructionSetForced: Bool
  let workers: CPUWorkers
  let pool: CPUMemory
  private let measured = Mutex(OperationTimes())

  /// Creates the device.
  /// - Parameters:
  ///   - threads: How many threads work at the same time; as many as the processor runs when `nil`.
  ///   - activationType: `float32` or `bfloat16`; when `nil`, `bfloat16` where the processor multiplies it.
  ///   - instructionSet: What the kernels use in place of the best one, for comparisons; oneDNN chooses by itself.
  ///   - memoryLimit: The most bytes that tensors may take, if there is to be a limit below what the system has.
  /// - Precondition: `threads` is positive, `activationType` is one of the two, and `instructionSet` is available.
  public init(
    threads: Int? = nil, activationType: ElementType? = nil, instructionSet: InstructionSet? = nil,
    memoryLimit: Int? = nil
  ) {
    let type = activationType ?? (Self.multipliesBFloat16 ? .bfloat16 : .float32)
    precondition(type == .float32 || type == .bfloat16, "activations are float32 or bfloat16, not \(type)")
    precondition(threads ?? 1 > 0, "work needs at least one thread, not \(threads ?? 0)")
    self.activationType = type
    precondition(instructionSet?.isAvailable ?? true, "this processor has no \(instructionSet?.rawValue ?? "")")
    self.instructionSet = instructionSet?.kernelName ?? svg_isa_best(type.kernelElement)
    isInstructionSetForced = instructionSet != nil
    workers = CPUWorkers(threads: threads ?? Self.activeProcessors)
    pool = CPUMemory(limit: memoryLimit)
    svg_heap_return_big_blocks()
  }

  /// Whether the processor has bfloat16 products, and oneDNN and our kernels use them. Without them bfloat16
  /// activations are multiplied as float32.
  public static var multipliesBFloat16: Bool {
    svg_dnn_multiplies_bfloat16() && svg_isa_available(SVG_ISA_AVX512_BF16)
  }

  /// How many threads work at the same time.
  public var threads: Int { workers.threads }

  /// A short name of the kernels' instruction set, such as `avx2`.
  public var instructionSetName: String { unsafe String(cString: svg_isa_name(instructionSet)) }

  /// What the device is, for example `avx2, 2 threads, float32, oneDNN 2.6.3`.
  public var summary: String {
    "\(instructionSetName), \(threads) threads, \(activationType), oneDNN \(Self.oneDNNVersion)"
  }

  /// The version of oneDNN, for example `2.6.3`.
  public static var oneDNNVersion: String {
    let version = unsafe [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
      unsafe buffer.initialize(repeating: 0)
      unsafe svg_dnn_version(UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self), 32)
      count = unsafe buffer.firstIndex(of: 0) ?? 0
    }
    return String(decoding: version, as: UTF8.self)
  }

  private static var activeProcessors: Int {
    max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }

  // MARK: Accounting

  /// How much memory tensors take and have taken.
  public var memory: MemoryUse { pool.use }

  /// Returns memory that no tensor uses to the system.
  public func trim() {
    pool.trim()
    svg_heap_trim()
  }

  /// Where time went.
  public var times: OperationTimes { measured.withLock { $0 } }

  /// Sets all times to zero.
  public func resetTimes() { measured.withLock { $0 = OperationTimes() } }

  /// Runs `work` and books its time under `kind`.
  func measure<Result, Failure: Error>(
    _ kind: OperationKind, _ work: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let start = ContinuousClock.now
    defer {
      let elapsed = start.duration(to: .now) / .seconds(1)
      measured.withLock { $0[kind] += elapsed }
    }
    return try work()
  }
}

extension ElementType {
  /// The kernels' name of an activation type.
  var kernelElement: svg_element {
    precondition(self == .float32 || self == .bfloat16, "activations are float32 or bfloat16, not \(self)")
    return self == .float32 ? SVG_FLOAT32 : SVG_BFLOAT16
  }

  /// The kernels' name of a floating-point type.
  var kernelNumber: svg_number {
    switch self {
    case .float32: SVG_NUMBER_FLOAT32
    case .bfloat16: SVG_NUMBER_BFLOAT16
    case .float16: SVG_NUMBER_FLOAT16
    case .int32: preconditionFailure("int32 is no floating-point type")
    }
  }
}

extension Activation {
  /// The kernels' name of the function.
  var kernelActivation: svg_activation {
    switch self {
    case .identity: SVG_ACTIVATION_IDENTITY
    case .relu: SVG_ACTIVATION_RELU
    case .silu: SVG_ACTIVATION_SILU
    case .geluTanh: SVG_ACTIVATION_GELU_TANH
    case .gelu: SVG_ACTIVATION_GELU
    case .quickGELU: SVG_ACTIVATION_QUICK_GELU
    }
  }

  /// oneDNN's name of the function.
  var libraryActivation: svg_dnn_activation {
    switch self {
    case .identity: SVG_DNN_IDENTITY
    case .relu: SVG_DNN_RELU
    case .silu: SVG_DNN_SILU
    case .geluTanh: SVG_DNN_GELU_TANH
    case .gelu: SVG_DNN_GELU
    case .quickGELU: SVG_DNN_QUICK_GELU
    }
  }
}
