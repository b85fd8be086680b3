import Checkpoint
import Foundation
import Testing

@testable import Tokenizer

/// The prompts and ids that `Tools/goldens/tokenizer.py` wrote with transformers.
struct TokenizerFixture: Sendable {
  struct Case: Sendable, CustomTestStringConvertible {
    let model: String
    let settings: JSONValue
    let addedTokens: JSONValue
    let vocabularyTail: [JSONValue]
    let ids: [[Int32]]
    var testDescription: String { "\(model), \(settings["extra_ids"]?.int ?? 0) sentinels" }
  }

  let prompts: [String]
  let cases: [Case]
  /// Prompts with marks that SentencePiece composes, and its ids.
  let composed: [String]
  let composedIDs: [[Int32]]

  init() throws {
    let value = try JSONFile.read(Self.url("prompts.json"), maximumByteCount: 1 << 24)
    prompts = try #require(value["prompts"]?.array).compactMap(\.string)
    cases = try #require(value["cases"]?.array).map { item in
      Case(
        model: try #require(item["model"]?.string), settings: try #require(item["settings"]),
        addedTokens: try #require(item["added_tokens"]),
        vocabularyTail: try #require(item["vocabulary_tail"]?.array),
        ids: try #require(item["ids"]?.array).map(Self.numbers))
    }
    composed = try #require(value["composed"]?.array).compactMap(\.string)
    composedIDs = try #require(value["composed_ids"]?.array).map(Self.numbers)
  }

  static func numbers(_ row: JSONValue) -> [Int32] {
    (row.string ?? "").split(separator: " ").compactMap { Int32($0) }
  }

  static func url(_ name: String) throws -> URL {
    try #require(Bundle.module.url(forResource: name, withExtension: nil, subdirectory: "Fixtures"))
  }
}

/// A folder that is deleted when the test is over.
final class TokenizerFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("tokenizer-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  func write(_ name: String, _ data: Data) throws { try data.write(to: url.appendingPathComponent(name)) }

  func write(_ name: String, _ value: JSONValue) throws { try write(name, Data(value.text.utf8)) }

  func tokenizer() throws -> T5Tokenizer { try T5Tokenizer(folder: url) }

  deinit { try? FileManager.default.removeItem(at: url) }
}

extension JSONValue {
  /// The value as JSON text.
  var text: String {
    switch self {
    case .null: return "null"
    case .bool(let value): return "\(value)"
    case .number(let number): return number
    case .string(let string):
      let escaped = string.unicodeScalars.map { scalar in
        scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
          ? "\\u" + String(0x10000 + scalar.value, radix: 16).dropFirst() : String(scalar)
      }
      return "\"\(escaped.joined())\""
    case .array(let elements): return "[\(elements.map(\.text).joined(separator: ","))]"
    case .object(let members):
      return "{\(members.map { "\(JSONValue.string($0.key).text):\($0.value.text)" }.joined(separator: ","))}"
    }
  }

  /// The object with a member replaced, or added at the end.
  func with(_ key: String, _ value: JSONValue?) -> JSONValue {
    var result = JSONObject()
    for (name, old) in object ?? JSONObject() where name != key { _ = result.append(name, old) }
    if let value { _ = result.append(key, value) }
    return .object(result)
  }
}
