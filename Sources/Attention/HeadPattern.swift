/// What an attention head looks at.
public enum HeadPattern: UInt8, Hashable, Sendable, Codable, CaseIterable, CustomStringConvertible {
  /// Tokens of the same and the neighboring frames.
  case spatial = 0
  /// The same place and its neighbors in all frames.
  case temporal = 1

  /// `spatial` or `temporal`.
  public var description: String { self == .spatial ? "spatial" : "temporal" }
}
