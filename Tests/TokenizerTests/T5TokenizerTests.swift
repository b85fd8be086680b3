import Checkpoint
import Foundation
import Testing

@testable import Tokenizer

@Suite struct T5TokenizerTests {
  let fixture: TokenizerFixture
  let folder: TokenizerFolder

  init() throws {
    fixture = try TokenizerFixture()
    folder = try TokenizerFolder()
  }

  /// Compares every prompt and names the first that differ.
  private func compare(_ tokenizer: T5Tokenizer, _ example: TokenizerFixture.Case, _ what: String) throws {
    #expect(fixture.prompts.count >= 500)
    var different: [String] = []
    for (prompt, expected) in zip(fixture.prompts, example.ids) {
      let found = try tokenizer.encode(prompt, length: 8192)
      #expect(!found.isTruncated && found.ids.count == 8192)
      #expect(found.ids.dropFirst(found.tokenCount).allSatisfy { $0 == tokenizer.paddingID })
      let ids = Array(found.ids.prefix(found.tokenCount))
      if ids != expected {
        different.append("\(prompt.prefix(80).debugDescription): \(ids.prefix(60)) != \(expected.prefix(60))")
      }
    }
    #expect(different.isEmpty, "\(what), \(example.testDescription): \(different.count) differ: \(different.prefix(8))")
  }

  @Test func `a published model gives the ids of transformers`() throws {
    for example in fixture.cases {
      try folder.write("spiece.model", Data(contentsOf: TokenizerFixture.url("\(example.model).model")))
      try folder.write("tokenizer_config.json", example.settings)
      try compare(try folder.tokenizer(), example, "spiece.model")
    }
  }

  @Test func `a tokenizer json alone gives the ids of transformers`() throws {
    for example in fixture.cases {
      let json = try JSONFile.read(
        TokenizerFixture.url("\(example.model).tokenizer.json"), maximumByteCount: 1 << 24)
      try folder.write("tokenizer.json", json.with("added_tokens", example.addedTokens))
      try compare(try folder.tokenizer(), example, "tokenizer.json")
    }
  }
}
