import Checkpoint
import Foundation
import Testing

@testable import Tokenizer

@Suite struct HostileTokenizerTests {
  let folder: TokenizerFolder

  init() throws { folder = try TokenizerFolder() }

  private func expectError(_ code: TokenizerError.Code, _ part: String, _ what: String = "") {
    do {
      _ = try folder.tokenizer()
      Issue.record("nothing was thrown; expected \(code) \(what)")
    } catch let error as TokenizerError {
      #expect(error.code == code, "\(error) \(what)")
      #expect(error.message.contains(part), "\(error) \(what)")
    } catch {
      Issue.record("another error was thrown: \(error) \(what)")
    }
  }

  @Test func `a folder without a tokenizer is refused`() {
    expectError(.missingTokenizer, "spiece.model nor tokenizer.json")
  }

  @Test func `a model cut anywhere, or with a damaged table, never crashes`() throws {
    let whole = [UInt8](try Data(contentsOf: TokenizerFixture.url("nmt.model")))
    for count in stride(from: 0, to: whole.count - 1, by: whole.count / 23) {
      try folder.write("spiece.model", Data(whole[..<count]))
      expectError(.invalidTokenizer, "spiece.model", "\(count) bytes")
    }
    // The table is the long run of bytes in the second half of the file.
    var damaged = whole
    for place in stride(from: whole.count / 4, to: whole.count / 2, by: 4) { damaged[place] = 0x7F }
    try folder.write("spiece.model", Data(damaged))
    expectError(.invalidTokenizer, "normalization table")
  }

  @Test(arguments: ["", "{}", "not a model", "\u{0}\u{0}\u{0}"]) func `what is no model is refused`(text: String) throws
  {
    try folder.write("spiece.model", Data(text.utf8))
    expectError(.invalidTokenizer, "spiece.model")
  }

  private func write(_ change: (JSONValue) -> JSONValue) throws {
    let json = try JSONFile.read(TokenizerFixture.url("words.tokenizer.json"), maximumByteCount: 1 << 24)
    try folder.write("tokenizer.json", change(json))
  }

  private static func json(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8)) }

  @Test(arguments: [
    ("model", #"{"type":"BPE","vocab":{}}"#, TokenizerError.Code.unsupportedTokenizer, "Unigram"),
    ("model", #"{"type":"Unigram","vocab":[]}"#, .invalidTokenizer, "vocabulary"),
    ("model", #"{"type":"Unigram","vocab":[["a",0]]}"#, .invalidTokenizer, "unknown"),
    ("model", #"{"type":"Unigram","unk_id":9,"vocab":[["a",0]]}"#, .invalidTokenizer, "unknown"),
    ("model", #"{"type":"Unigram","unk_id":0,"vocab":[["a"]]}"#, .invalidTokenizer, "piece 0"),
    ("model", #"{"type":"Unigram","unk_id":0,"vocab":[["a","0"]]}"#, .invalidTokenizer, "piece 0"),
    ("model", #"{"type":"Unigram","unk_id":0,"vocab":[["",0]]}"#, .invalidTokenizer, "piece 0"),
    ("model", #"{"type":"Unigram","unk_id":0,"vocab":[["a",1e999]]}"#, .invalidTokenizer, "piece 0"),
    ("model", #"{"type":"Unigram","unk_id":0,"vocab":[["u",0],["a",0],["a",0]]}"#, .invalidTokenizer, "model"),
    ("model", #"{"type":"Unigram","unk_id":0,"byte_fallback":true,"vocab":[["a",0]]}"#, .unsupportedTokenizer, "bytes"),
    ("normalizer", #"{"type":"Lowercase"}"#, .unsupportedTokenizer, "Lowercase"),
    ("normalizer", #"{"type":"Precompiled"}"#, .invalidTokenizer, "table"),
    ("normalizer", #"{"type":"Precompiled","precompiled_charsmap":"?"}"#, .invalidTokenizer, "table"),
    ("normalizer", #"{"type":"Precompiled","precompiled_charsmap":"AAAAAAAA"}"#, .invalidTokenizer, "table"),
    ("pre_tokenizer", "null", .unsupportedTokenizer, "Metaspace"),
    ("pre_tokenizer", #"{"type":"Metaspace","prepend_scheme":"never"}"#, .unsupportedTokenizer, "word"),
    ("post_processor", #"{"type":"ByteLevel"}"#, .unsupportedTokenizer, "TemplateProcessing"),
    (
      "post_processor", #"{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x"}}]}"#, .invalidTokenizer,
      "template"
    ),
    ("added_tokens", #"[{"id":-1,"content":"a"}]"#, .invalidTokenizer, "added token"),
    ("added_tokens", #"[{"id":1}]"#, .invalidTokenizer, "added token"),
  ])
  func `every part of a tokenizer json is checked`(
    key: String, value: String, code: TokenizerError.Code, message: String
  ) throws {
    let part = try Self.json(value)
    try write { $0.with(key, part) }
    expectError(code, message)
  }

  @Test(arguments: [
    #"{"extra_ids":-1}"#, #"{"extra_ids":1e9}"#, #"{"added_tokens_decoder":{"x":{"content":"a"}}}"#,
    #"{"added_tokens_decoder":{"1":{}}}"#, "[]",
  ])
  func `settings that mean nothing are refused`(text: String) throws {
    try folder.write("spiece.model", Data(contentsOf: TokenizerFixture.url("words.model")))
    try folder.write("tokenizer_config.json", Data(text.utf8))
    expectError(.invalidTokenizer, "tokenizer_config.json")
  }

  @Test func `a file that is no JSON is refused by name`() throws {
    try folder.write("tokenizer.json", Data("{".utf8))
    #expect { _ = try folder.tokenizer() } throws: { error in
      (error as? CheckpointError)?.code == .invalidJSON && "\(error)".contains("tokenizer.json")
    }
  }
}
