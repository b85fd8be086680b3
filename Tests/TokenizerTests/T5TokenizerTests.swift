import Checkpoint
import Foundation
import Testing

@testable import Tokenizer

@Suite struct T5TokenizerTests {
  private static let shared = Result { try TokenizerFixture() }
  let fixture: TokenizerFixture
  let folder: TokenizerFolder

  init() throws {
    fixture = try Self.shared.get()
    folder = try TokenizerFolder()
  }

  /// Compares every prompt and names the first that differ.
  private func compare(_ tokenizer: T5Tokenizer, _ example: TokenizerFixture.Case, _ what: String) throws {
    #expect(fixture.prompts.count >= 500)
    var different: [String] = []
    for (prompt, expected) in zip(fixture.prompts, example.ids) {
      let found = try tokenizer.encode(prompt, length: 4096)
      let padding = [Int32](repeating: tokenizer.paddingID, count: 4096 - expected.count)
      if found.ids != expected + padding || found.tokenCount != expected.count || found.isTruncated {
        let ids = found.ids.prefix(found.tokenCount)
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
      let json = try JSONFile.read(TokenizerFixture.url("\(example.model).tokenizer.json"), maximumByteCount: 1 << 24)
      let vocabulary = try #require(json["model"]?["vocab"]?.array)
      let published = vocabulary.prefix { $0.array?.first?.string != "<extra_id_4>" }
      let model = try #require(json["model"]).with("vocab", .array(published + example.vocabularyTail))
      try folder.write("tokenizer.json", json.with("added_tokens", example.addedTokens).with("model", model))
      try compare(try folder.tokenizer(), example, "tokenizer.json")
    }
  }

  private func tokenizer(_ model: String = "nmt") throws -> T5Tokenizer {
    try folder.write("spiece.model", Data(contentsOf: TokenizerFixture.url("\(model).model")))
    try folder.write("tokenizer_config.json", fixture.cases[0].settings)
    return try folder.tokenizer()
  }

  @Test func `letters and their marks are composed as SentencePiece does`() throws {
    let tokenizer = try tokenizer()
    for (prompt, expected) in zip(fixture.composed, fixture.composedIDs) {
      let found = try tokenizer.encode(prompt, length: 64)
      #expect(Array(found.ids.prefix(found.tokenCount)) == expected, "\(prompt)")
    }
  }

  @Test func `a prompt that is too long keeps its closing token, and what was cut is told`() throws {
    let tokenizer = try tokenizer("words")
    let prompt = "a red circle  and\ta blue star"
    let whole = try tokenizer.encode(prompt, length: 10)
    #expect(whole.tokenCount == 8 && whole.truncatedCount == 0 && whole.truncatedText.isEmpty)
    #expect(whole.ids[7] == 1 && whole.ids[8...] == [0, 0])
    let exact = try tokenizer.encode(prompt, length: 8)
    #expect(exact.ids[...] == whole.ids.prefix(8) && !exact.isTruncated)
    let cut = try tokenizer.encode(prompt, length: 5)
    #expect(cut.ids == Array(whole.ids.prefix(4)) + [1])
    #expect(cut.tokenCount == 5 && cut.truncatedCount == 3 && cut.truncatedText == "a blue star")
    let nothing = try tokenizer.encode(prompt, length: 1)
    #expect(nothing.ids == [1] && nothing.truncatedCount == 7 && nothing.truncatedText == prompt)
  }

  @Test(arguments: ["", " ", "\n\t  \u{3000}", "\u{1}\u{2}\u{7F}"])
  func `a prompt without content is the closing token and padding`(prompt: String) throws {
    let found = try tokenizer().encode(prompt, length: 4)
    #expect(found.ids == [1, 0, 0, 0])
    #expect(found.tokenCount == 1 && !found.isTruncated)
  }

  @Test(arguments: ["star ", "猫", "</s>"])
  func `an enormous prompt is encoded and cut`(unit: String) throws {
    let count = 10_000_000 / unit.utf8.count
    let found = try tokenizer().encode(String(repeating: unit, count: count), length: 226)
    #expect(found.ids.count == 226 && found.ids[225] == 1)
    #expect(found.isTruncated)
    if unit != "猫" { #expect(found.truncatedCount == count - 225) }
  }
}
