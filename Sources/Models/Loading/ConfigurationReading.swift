extension KeyedDecodingContainer {
  /// The value of a key, or a default where the key is missing or null, as configuration files leave defaults out.
  func value<Value: Decodable>(_ key: Key, default fallback: Value) throws -> Value {
    try decodeIfPresent(Value.self, forKey: key) ?? fallback
  }
}

/// Throws unless a configuration's value makes sense.
func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
  if !condition { throw ModelError(.unsupportedConfiguration, message()) }
}
