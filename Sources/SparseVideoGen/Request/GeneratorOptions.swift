import Tensor

/// Where and with which numbers a model runs.
public struct GeneratorOptions: Hashable, Sendable {
  /// A device to run on.
  public enum Device: Hashable, Sendable, CustomStringConvertible {
    /// The fastest device of the machine that this build supports.
    case automatic
    /// The processor.
    case cpu
    /// An NVIDIA GPU.
    case cuda(index: Int)

    /// `auto`, `cpu` or `cuda:0`.
    public var description: String {
      switch self {
      case .automatic: "auto"
      case .cpu: "cpu"
      case .cuda(let index): "cuda:\(index)"
      }
    }

    /// Reads `auto`, `cpu`, `cuda` or `cuda:1`.
    public init?(_ text: String) {
      switch text {
      case "auto": self = .automatic
      case "cpu": self = .cpu
      case "cuda": self = .cuda(index: 0)
      default:
        guard text.hasPrefix("cuda:"), let index = Int(text.dropFirst(5)), index >= 0 else { return nil }
        self = .cuda(index: index)
      }
    }
  }

  /// What activations are held in.
  public enum Numbers: String, Hashable, Sendable, Codable, CaseIterable {
    /// bfloat16 where the device multiplies it, else float32.
    case automatic = "auto"
    /// bfloat16.
    case bfloat16 = "bf16"
    /// float32.
    case float32 = "f32"

    /// The element type that is asked for, or `nil` when the device chooses.
    public var elementType: ElementType? {
      switch self {
      case .automatic: nil
      case .bfloat16: .bfloat16
      case .float32: .float32
      }
    }
  }

  /// The device to run on.
  public var device: Device
  /// What activations are held in.
  public var numbers: Numbers
  /// Threads of the processor; all that the process may use when `nil`.
  public var threads: Int?

  /// Creates options.
  public init(device: Device = .automatic, numbers: Numbers = .automatic, threads: Int? = nil) {
    self.device = device
    self.numbers = numbers
    self.threads = threads
  }

  /// Checks what can be checked without a device.
  /// - Throws: ``GenerationError`` with the code `invalidRequest` for a number of threads that cannot be, or of a GPU.
  package func check() throws {
    if let threads, !(1...1024).contains(threads) {
      throw GenerationError(
        .invalidRequest, "the number of threads must lie between 1 and 1024, not \(threads)", field: .threads)
    }
    if threads != nil, case .cuda = device {
      throw GenerationError(
        .invalidRequest, "threads are the processor's: leave their number out, or choose cpu", field: .threads)
    }
  }
}
