import Checkpoint
import Foundation
import Testing

@testable import Tokenizer

@Suite struct HostileBytePairTests {
  let folder: TokenizerFolder

  init() throws { folder = try TokenizerFolder() }

  private func expectError(_ code: TokenizerError.Code, _ part: String, _ load: () throws -> BytePairTokenizer) {
    do {
      _ = try load()
      Issue.record("nothing was thrown; expected \(code)")
    } catch let error as TokenizerError {
      #expect(error.code == code, "\(error)")
      #expect(error.message.contains(part), "\(error)")
    } catch {
      Issue.record("another error was thrown: \(error)")
    }
  }

  private static func json(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8)) }

  @Test func `a folder without a tokenizer is refused`() {
    expectError(.missingTokenizer, "no tokenizer") { try .llama(folder: folder.url) }
    expectError(.missingTokenizer, "no tokenizer") { try .clip(folder: folder.url) }
  }

  @Test(arguments: [
    ("type", "\"Unigram\"", TokenizerError.Code.unsupportedTokenizer, "no BPE"),
    ("byte_fallback", "true", .unsupportedTokenizer, "bytes"),
    ("dropout", "0.1", .unsupportedTokenizer, "random"),
    ("continuing_subword_prefix", "\"##\"", .unsupportedTokenizer, "middles"),
    ("vocab", "{}", .invalidTokenizer, "vocabulary"),
    ("vocab", #"{"a":-1}"#, .invalidTokenizer, "id the number -1"),
    ("vocab", #"{"a":99999999999}"#, .invalidTokenizer, "99999999999"),
    ("vocab", #"{"a":0}"#, .invalidTokenizer, "byte 0"),
    ("merges", "7", .invalidTokenizer, "merges"),
    ("merges", #"["a"]"#, .invalidTokenizer, "merge 0"),
    ("merges", #"["a b c"]"#, .invalidTokenizer, "merge 0"),
    ("merges", #"[["a"]]"#, .invalidTokenizer, "merge 0"),
    ("merges", #"[["a",1]]"#, .invalidTokenizer, "merge 0"),
    ("merges", #"["a nosuchtoken"]"#, .invalidTokenizer, "nosuchtoken"),
    ("merges", #"[["Q","Z"]]"#, .invalidTokenizer, "QZ"),
  ])
  func `every part of the model is checked`(
    key: String, value: String, code: TokenizerError.Code, message: String
  ) throws {
    let json = try BytePairFixture.json("llama")
    let model = try #require(json["model"])
    try folder.write("tokenizer.json", json.with("model", model.with(key, Self.json(value))))
    expectError(code, message) { try .llama(folder: folder.url) }
  }

  @Test(arguments: [
    ("normalizer", #"{"type":"NFKC"}"#, TokenizerError.Code.unsupportedTokenizer, "NFKC"),
    ("pre_tokenizer", "null", .unsupportedTokenizer, "ByteLevel"),
    ("pre_tokenizer", #"{"type":"Metaspace"}"#, .unsupportedTokenizer, "ByteLevel"),
    ("pre_tokenizer", #"{"type":"ByteLevel","add_prefix_space":true}"#, .unsupportedTokenizer, "space"),
    ("pre_tokenizer", #"{"type":"ByteLevel","use_regex":false}"#, .unsupportedTokenizer, "words"),
    (
      "pre_tokenizer",
      #"{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"\\w+"},"behavior":"Isolated"},"#
        + #"{"type":"ByteLevel"}]}"#, .unsupportedTokenizer, "\\w+"
    ),
    ("post_processor", #"{"type":"BertProcessing"}"#, .unsupportedTokenizer, "TemplateProcessing"),
    (
      "post_processor",
      #"{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x"}},{"Sequence":{"id":"A"}}],"#
        + #""special_tokens":{"x":{"ids":[1,1,1,1,1,1,1,1,1]}}}"#, .unsupportedTokenizer, "9 tokens"
    ),
    ("post_processor", #"{"type":"RobertaProcessing","cls":["a",1],"sep":["b"]}"#, .invalidTokenizer, "sep"),
    ("added_tokens", #"[{"id":-1,"content":"a"}]"#, .invalidTokenizer, "added token"),
  ])
  func `every other part of a tokenizer json is checked`(
    key: String, value: String, code: TokenizerError.Code, message: String
  ) throws {
    try folder.write("tokenizer.json", BytePairFixture.json("llama").with(key, Self.json(value)))
    expectError(code, message) { try .llama(folder: folder.url) }
  }

  @Test func `ids around the text count towards the size of the vocabulary`() throws {
    let ends = try Self.json(#"{"type":"RobertaProcessing","cls":["a",1],"sep":["b",70000]}"#)
    try folder.write("tokenizer.json", BytePairFixture.json("llama").with("post_processor", ends))
    try folder.write("tokenizer_config.json", Data(#"{"pad_token":"<pad>"}"#.utf8))
    #expect(try BytePairTokenizer.llama(folder: folder.url).vocabularyCount == 70001)
  }

  @Test(arguments: [
    (#"{"padding_side":"left"}"#, TokenizerError.Code.unsupportedTokenizer, "padding_side"),
    (#"{"truncation_side":"left"}"#, .unsupportedTokenizer, "truncation_side"),
    (#"{"pad_token":"<nosuch>"}"#, .invalidTokenizer, "<nosuch>"),
    ("{}", .invalidTokenizer, "pad_token"),
    ("[]", .invalidTokenizer, "object"),
    (#"{"added_tokens_decoder":{"-1":{"content":"a"}}}"#, .invalidTokenizer, "-1"),
  ])
  func `settings that cannot be followed are refused`(text: String, code: TokenizerError.Code, part: String) throws {
    try BytePairFixture.copy(["tokenizer.json"], of: "llama", to: folder)
    try folder.write("tokenizer_config.json", Data(text.utf8))
    expectError(code, part) { try .llama(folder: folder.url) }
  }

  @Test func `CLIP's files must be there and name tokens that exist`() throws {
    try BytePairFixture.copy(["vocab.json"], of: "clip", to: folder)
    expectError(.missingTokenizer, "merges.txt") { try .clip(folder: folder.url) }
    for (text, part) in [("a b c\n", "merge 0"), ("a nosuch\n", "nosuch"), ("\u{FF}\n", "merge 0")] {
      try folder.write("merges.txt", Data("#version: 0.2\n\(text)".utf8))
      expectError(.invalidTokenizer, part) { try .clip(folder: folder.url) }
    }
    try folder.write("merges.txt", Data())
    try folder.write("tokenizer_config.json", Data(#"{"eos_token":"<nosuch>"}"#.utf8))
    expectError(.invalidTokenizer, "<nosuch>") { try .clip(folder: folder.url) }
  }
}
