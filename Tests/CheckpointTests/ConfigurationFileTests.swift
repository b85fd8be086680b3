import Checkpoint
import Foundation
import Testing

@Suite struct ConfigurationFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  enum Kind: String, Decodable, Equatable { case linear, scaled = "scaled_linear" }

  struct Rope: Decodable, Equatable { var axesDim: [Int] }

  struct Example: Decodable, Equatable {
    var patchSizeT: Int?
    var sampleHeight: Int
    var betaSchedule: Kind
    var eps: Float
    var useRope: Bool
    var rope: Rope
  }

  private func decode(_ text: String) throws -> Example {
    try ConfigurationFile(try folder.write("config.json", text)).decode(Example.self)
  }

  static let good = """
    {"_class_name": "X", "patch_size_t": null, "sample_height": 60, "beta_schedule": "scaled_linear", "eps": 1e-05,
     "use_rope": true, "rope": {"axes_dim": [16, 24]}}
    """

  @Test func `keys are read in snake case and unknown ones are left alone`() throws {
    let expected = Example(
      sampleHeight: 60, betaSchedule: .scaled, eps: 1e-5, useRope: true, rope: Rope(axesDim: [16, 24]))
    #expect(try decode(Self.good) == expected)
  }

  @Test func `keys can be taken as written`() throws {
    let url = try folder.write("config.json", #"{"d_model": 8}"#)
    #expect(try ConfigurationFile(url).decode([String: Int].self, keys: .asWritten) == ["d_model": 8])
  }

  @Test(arguments: [
    ("\"sample_height\": 60,", "", CheckpointError.Code.missingKey, "sample_height"),
    ("\"axes_dim\"", "\"axes\"", .missingKey, "rope.axes_dim"),
    ("60", "\"60\"", .wrongType, "expected a whole number"), ("60", "\"60\"", .wrongType, "the string \"60\""),
    ("60", "null", .wrongType, "\"sample_height\" is null"), ("true", "1", .wrongType, "expected true or false"),
    ("1e-05", "\"small\"", .wrongType, "expected a number"), ("24", "\"x\"", .wrongType, "rope.axes_dim[1]"),
    ("[16, 24]", "16", .wrongType, "expected a list"),
    ("scaled_linear", "cosine", .impossibleValue, "\"beta_schedule\" is the string \"cosine\""),
    ("60", "1e300", .impossibleValue, "1e300"), ("60", "60.5", .impossibleValue, "60.5"),
  ])
  func `an error names the file, the key and the value`(
    old: String, new: String, code: CheckpointError.Code, part: String
  ) throws {
    let text = Self.good.replacingOccurrences(of: old, with: new)
    expectError(code, "config.json", part) { _ = try decode(text) }
  }

  @Test func `a value that only the model can judge is refused in the same words`() throws {
    let file = try ConfigurationFile(try folder.write("config.json", #"{"patch_size": 3}"#))
    let error = file.impossibleValue("patch_size", expected: "2")
    #expect(error.code == .impossibleValue)
    #expect(error.message.hasSuffix("config.json: \"patch_size\" is the number 3; expected 2."))
  }

  @Test(arguments: [
    "", "{", "nul", "{\"a\":NaN}", "{\"a\":1,}", "{'a':1}", "{\"a\":01}", "{\"a\":1.}", "{\"a\":\"\\ud800\"}",
    "{\"a\":\"\\x\"}", "{\"a\":1}{", "{\"a\":1,\"a\":2}", "{\"a\":\"\n\"}", "{\"a\":-}", "{\"a\":1e}",
    String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 100_000),
  ])
  func `what is no JSON is refused`(text: String) throws {
    expectError(.invalidJSON, "config.json", "byte") { _ = try decode(text) }
  }

  @Test func `text that is not UTF-8 is refused`() throws {
    let url = try folder.write("config.json", Array("{\"a\":\"".utf8) + [0xC3, 0x28] + Array("\"}".utf8))
    expectError(.invalidJSON, "config.json", "UTF-8") { _ = try ConfigurationFile(url) }
  }

  @Test func `a list is no configuration`() throws {
    expectError(.wrongType, "config.json", "a list of 0") { _ = try decode("[]") }
  }

  @Test func `an absurdly large file is refused unread`() throws {
    let url = try folder.write("config.json", [UInt8](repeating: 0x20, count: ConfigurationFile.maximumByteCount + 1))
    expectError(.absurdSize, "config.json") { _ = try ConfigurationFile(url) }
  }
}
