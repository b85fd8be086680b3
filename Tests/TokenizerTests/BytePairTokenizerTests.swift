import Checkpoint
import Foundation
import Testing

@testable import Tokenizer

@Suite struct BytePairTokenizerTests {
  private static let shared = Result { try BytePairFixture() }
  let fixture: BytePairFixture
  let folder: TokenizerFolder

  init() throws {
    fixture = try Self.shared.get()
    folder = try TokenizerFolder()
  }

  /// Compares every prompt and names the first that differ.
  private func compare(_ tokenizer: BytePairTokenizer, _ example: BytePairFixture.Case) {
    #expect(fixture.prompts.count >= 500 && example.ids.count == fixture.prompts.count)
    var different: [String] = []
    for (prompt, expected) in zip(fixture.prompts, example.ids) {
      let found = tokenizer.encode(prompt, length: expected.count + 3)
      let padding = [Int32](repeating: tokenizer.paddingID, count: 3)
      if found.ids != expected + padding || found.tokenCount != expected.count || found.isTruncated {
        let ids = found.ids.prefix(found.tokenCount)
        different.append("\(prompt.prefix(80).debugDescription): \(ids.prefix(60)) != \(expected.prefix(60))")
      }
    }
    for (index, expected) in example.fixed.enumerated() {
      let found = tokenizer.encode(fixture.prompts[9 * index], length: example.length).ids
      if found != expected { different.append("cut \(fixture.prompts[9 * index].prefix(80).debugDescription)") }
    }
    #expect(different.isEmpty, "\(different.count) differ: \(different.prefix(8))")
  }

  @Test func `a tokenizer of Llama gives the ids of transformers`() throws {
    try BytePairFixture.copy(["tokenizer.json"], of: "llama", to: folder)
    try folder.write("tokenizer_config.json", fixture.llama.settings)
    compare(try .llama(folder: folder.url), fixture.llama)
  }

  @Test func `merges that are written as one string are read alike`() throws {
    let json = try BytePairFixture.json("llama")
    let model = try #require(json["model"])
    let merges = try #require(model["merges"]?.array).map { pair in
      JSONValue.string((pair.array ?? []).compactMap(\.string).joined(separator: " "))
    }
    try folder.write("tokenizer.json", json.with("model", model.with("merges", .array(merges))))
    try folder.write("tokenizer_config.json", fixture.llama.settings)
    compare(try .llama(folder: folder.url), fixture.llama)
  }

  @Test func `the vocabulary and merges of CLIP give the ids of transformers`() throws {
    try BytePairFixture.copy(["vocab.json", "merges.txt"], of: "clip", to: folder)
    try folder.write("tokenizer_config.json", fixture.clip.settings)
    compare(try .clip(folder: folder.url), fixture.clip)
  }

  @Test func `a tokenizer json of CLIP alone gives the ids of transformers`() throws {
    try BytePairFixture.copy(["tokenizer.json"], of: "clip", to: folder)
    try folder.write("tokenizer_config.json", fixture.clip.settings)
    compare(try .clip(folder: folder.url), fixture.clip)
  }

  @Test func `a prompt that is too long keeps its closing token, and what was cut is told`() throws {
    try BytePairFixture.copy(["vocab.json", "merges.txt"], of: "clip", to: folder)
    let tokenizer = try BytePairTokenizer.clip(folder: folder.url)
    let prompt = "A large  red circle"
    let whole = tokenizer.encode(prompt, length: 77)
    let end = whole.ids[whole.tokenCount - 1]
    #expect(whole.ids.count == 77 && !whole.isTruncated && whole.truncatedText.isEmpty && whole.ids[76] == end)
    let cut = tokenizer.encode(prompt, length: whole.tokenCount - 1)
    #expect(cut.ids == Array(whole.ids.prefix(whole.tokenCount - 2)) + [end])
    #expect(cut.truncatedCount == 1 && cut.truncatedText == "circle")
    let nothing = tokenizer.encode(prompt, length: 2)
    #expect(nothing.ids == [whole.ids[0], end] && nothing.truncatedText == "a large red circle")
  }

  @Test(arguments: ["a", "가", "'", " ", "1"])
  func `a word of a million bytes is encoded in time that hardly grows faster than its length`(unit: String) throws {
    try BytePairFixture.copy(["tokenizer.json"], of: "llama", to: folder)
    try folder.write("tokenizer_config.json", fixture.llama.settings)
    let found = try BytePairTokenizer.llama(folder: folder.url).encode(
      String(repeating: unit, count: 1_000_000 / unit.utf8.count), length: 351)
    #expect(found.tokenCount == 351 && found.isTruncated)
  }
}
