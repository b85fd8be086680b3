import Foundation

/// A JSON configuration such as `transformer/config.json`, read with errors that say what to look at.
public struct ConfigurationFile: Sendable {
  /// How the keys of the file become names of properties.
  public enum KeyStyle: Sendable {
    /// `patch_size_t` is read into `patchSizeT`.
    case snakeCase
    /// Keys are taken as they are; the type lists its own coding keys.
    case asWritten
  }

  /// The largest configuration that is read, in bytes; real ones have a few thousand.
  public static let maximumByteCount = 4 << 20

  /// The file.
  public let url: URL
  /// What the file holds.
  package let value: JSONValue

  /// Reads a file whose JSON is an object.
  /// - Throws: ``CheckpointError`` with code `unreadableFile`, `absurdSize`, `invalidJSON` or `wrongType`.
  public init(_ url: URL) throws {
    let value = try JSONFile.read(url, maximumByteCount: Self.maximumByteCount)
    guard value.object != nil else {
      throw CheckpointError(.wrongType, "\(url.path): a configuration is a JSON object, this is \(value.summary).")
    }
    self.url = url
    self.value = value
  }

  /// Decodes the configuration; keys that the type does not know are left alone.
  /// - Throws: ``CheckpointError`` with code `missingKey`, `wrongType` or `impossibleValue`, naming the file and the
  ///   path of the key; a ``CheckpointError`` that the type itself throws passes through.
  public func decode<Value: Decodable>(_ type: Value.Type, keys: KeyStyle = .snakeCase) throws -> Value {
    try ConfigurationDecoder(path: url.path, keys: keys, value: value, place: "", codingPath: []).value(as: type)
  }

  /// The error for a value of the right type that means nothing here.
  /// - Parameters:
  ///   - key: The key as it stands in the file.
  ///   - expected: What would be right, to follow "expected".
  public func impossibleValue(_ key: String, expected: String) -> CheckpointError {
    let found = value[key].map { "is \($0.summary)" } ?? "is not there"
    return CheckpointError(.impossibleValue, "\(url.path): \"\(key)\" \(found); expected \(expected).")
  }
}
