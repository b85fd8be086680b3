import Checkpoint
import Foundation
import Testing

@testable import Tokenizer

/// The prompts and ids that `Tools/goldens/byte_pairs.py` wrote with transformers.
struct BytePairFixture: Sendable {
  /// What one tokenizer gives.
  struct Case: Sendable {
    let settings: JSONValue
    /// The ids of every prompt, whole.
    let ids: [[Int32]]
    /// The ids of every ninth prompt, cut and padded to this length.
    let fixed: [[Int32]]
    let length: Int
  }

  let prompts: [String]
  let llama, clip: Case

  init() throws {
    let value = try JSONFile.read(TokenizerFixture.url("byte_pairs.json"), maximumByteCount: 1 << 24)
    prompts = try TokenizerFixture().prompts + #require(value["extra"]?.array).compactMap(\.string)
    func example(_ name: String) throws -> Case {
      Case(
        settings: try #require(value[name]?["settings"]),
        ids: try #require(value[name]?["ids"]?.array).map(TokenizerFixture.numbers),
        fixed: try #require(value[name]?["fixed"]?.array).map(TokenizerFixture.numbers),
        length: try #require(value[name]?["length"]?.int))
    }
    (llama, clip) = (try example("llama"), try example("clip"))
  }

  /// Puts files of the fixtures in a folder, under the names that they are published with.
  static func copy(_ names: [String], of tokenizer: String, to folder: TokenizerFolder) throws {
    for name in names {
      try folder.write(name, Data(contentsOf: TokenizerFixture.url("\(tokenizer).\(name)")))
    }
  }

  /// A fixture's `tokenizer.json`.
  static func json(_ tokenizer: String) throws -> JSONValue {
    try JSONFile.read(TokenizerFixture.url("\(tokenizer).tokenizer.json"), maximumByteCount: 1 << 24)
  }
}
