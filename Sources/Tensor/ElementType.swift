/// What a tensor's elements are.
public enum ElementType: String, Hashable, Sendable, Codable, CaseIterable {
  /// IEEE 754 binary32.
  case float32
  /// IEEE 754 binary16.
  case float16
  /// The upper 16 bits of a binary32, rounded to nearest even.
  case bfloat16
  /// Two's complement 32-bit integers, for token ids and row maps.
  case int32

  /// The size of one element in bytes.
  public var byteCount: Int {
    switch self {
    case .float32, .int32: 4
    case .float16, .bfloat16: 2
    }
  }
}
