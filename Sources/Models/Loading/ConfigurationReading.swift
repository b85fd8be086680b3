extension KeyedDecodingContainer {
  /// The value of a key, or a default where the key is missing or null, as configuration files leave defaults out.
  func value<Value: Decodable>(_ key: Key, default fallback: Value) throws -> Value {
    try decodeIfPresent(Value.self, forKey: key) ?? fallback
  }
}

/// Limits of the sizes in configurations: far above those of any model, and low enough that arithmetic on them cannot overflow.
enum SizeLimit {
  /// Widths, channels, layers, tokens.
  static let width = 1 << 16
  /// Rows of a table of embeddings.
  static let vocabulary = 1 << 20
  /// What one patch, or one latent, stands for in a direction.
  static let patch = 1 << 6
}

/// Throws unless sizes lie between 1 and a limit.
/// - Parameter network: Whose sizes they are, for example `the transformer`.
func requireSizes<Key: CodingKey>(
  _ sizes: [(Key, Int)], of network: String, atMost largest: Int = SizeLimit.width
) throws {
  for (key, size) in sizes {
    try require(
      (1...largest).contains(size), "\(network)'s \(key.stringValue) must lie between 1 and \(largest), not \(size)")
  }
}

/// Throws unless heads together are as wide as a network may be.
func requireWidth(of heads: Int, _ headDimension: Int, in network: String) throws {
  try require(
    heads * headDimension <= SizeLimit.width,
    "\(network) has \(heads) heads of \(headDimension), together more than \(SizeLimit.width)")
}

/// Throws unless a configuration's value makes sense.
func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
  if !condition { throw ModelError(.unsupportedConfiguration, message()) }
}
