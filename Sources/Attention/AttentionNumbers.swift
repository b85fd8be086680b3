/// What the numbers are that attention multiplies.
public enum AttentionNumbers: String, Hashable, Sendable, Codable, CaseIterable {
  /// Those of the device's activations.
  case activations = "auto"
  /// 8-bit floating-point numbers (e4m3: 4 bits of exponent, 3 of fraction), which a GPU multiplies twice as fast.
  /// Queries, keys and values, scaled, and the weights of the softmax are rounded to them; sums are not, and neither is
  /// what profiling samples.
  case float8 = "fp8"

  /// What follows the name of a mechanism that multiplies these, ` in fp8`; nothing where it is the usual.
  public var suffix: String { self == .activations ? "" : " in \(rawValue)" }

  /// The heads that a call attends with.
  /// - Parameter heads: What `device` prepared.
  /// - Throws: When memory runs out.
  func heads(_ heads: any PreparedHeads, on device: any AttentionDevice) throws -> any PreparedHeads {
    switch self {
    case .activations: heads
    case .float8: try device.quantizeHeads(heads)
    }
  }
}
