import Checkpoint
import Foundation

/// What the files of a byte-level tokenizer say, before it is put together.
struct BytePairVocabulary {
  /// The model, checked.
  var model: BytePairModel
  /// One more than the largest id.
  var count: Int
  /// What is done to the text first.
  var normalizers: [TextNormalizer]
  /// How text is cut into words: each pattern cuts what the one before it left.
  var patterns: [WordPattern]
  /// Tokens that are found in the text as it stands.
  var addedTokens: [AddedToken]
  /// The ids before the text.
  var opening: [Int32]
  /// The ids after the text.
  var closing: [Int32]
  /// What fills up short prompts.
  var paddingID: Int32

  /// The largest file that is read, in bytes; the one of Llama 3 has 17 MB.
  static let maximumByteCount = 256 << 20

  /// The most tokens around a text: real tokenizers have one or two, and a prompt must have room beside them.
  static let maximumEnds = 8

  /// Reads CLIP's `vocab.json` and `merges.txt`.
  /// - Throws: ``TokenizerError`` with code `missingTokenizer` or `invalidTokenizer`; a file that cannot be read or is
  ///   no JSON throws the error of the `Checkpoint` module.
  init(clip folder: URL) throws {
    let settings = try BytePairSettings(folder: folder)
    let url = folder.appendingPathComponent("vocab.json")
    let vocabulary = try Self.ids(JSONFile.read(url, maximumByteCount: Self.maximumByteCount), path: url.path)
    let mergesURL = folder.appendingPathComponent("merges.txt")
    guard FileManager.default.fileExists(atPath: mergesURL.path) else {
      throw TokenizerError(
        .missingTokenizer, "\(mergesURL.path): the merges that go with vocab.json are missing; fetch the model again.")
    }
    let start = settings.opening ?? AddedToken(content: "<|startoftext|>", id: 0)
    let end = settings.closing ?? AddedToken(content: "<|endoftext|>", id: 0)
    let padding = settings.padding?.content ?? "<|endoftext|>"
    var tokens = settings.addedTokens
    for token in [start, end, settings.padding].compactMap({ $0 })
    where !tokens.contains(where: { $0.content == token.content }) {
      guard let id = vocabulary[token.content] else {
        throw TokenizerError(.invalidTokenizer, "\(url.path): there is no token \"\(token.content)\", which is needed.")
      }
      var token = token
      token.id = id
      tokens.append(token)
    }
    let ids = Dictionary(tokens.map { ($0.content, $0.id) }, uniquingKeysWith: { first, _ in first })
    guard let startID = ids[start.content], let endID = ids[end.content], let paddingID = ids[padding] else {
      throw TokenizerError(
        .invalidTokenizer, "\(url.path): the tokens around the text and the padding token \"\(padding)\" have no ids.")
    }
    model = try BytePairModel(
      BytePairModel.Parts(
        vocabulary: vocabulary, merges: Self.merges(ofText: mergesURL), wordEnd: "</w>",
        unknown: settings.unknown?.content ?? end.content),
      path: url.path)
    count = Self.count(vocabulary, tokens)
    normalizers = TextNormalizer.clip
    // The second pattern comes with the step that turns text into bytes.
    patterns = [.clip(keepsMarkers: true), .gpt2]
    addedTokens = tokens
    opening = [startID]
    closing = [endID]
    self.paddingID = paddingID
  }

  /// The ids of an object that maps tokens to them.
  static func ids(_ value: JSONValue, path: String) throws(TokenizerError) -> [String: Int32] {
    guard let object = value.object, object.count > 0 else {
      throw TokenizerError(.invalidTokenizer, "\(path): the vocabulary is missing or empty; fetch the model again.")
    }
    var ids: [String: Int32] = [:]
    ids.reserveCapacity(object.count)
    for (token, value) in object {
      guard let id = value.int.flatMap({ Int32(exactly: $0) }), id >= 0, id < 1 << 24 else {
        throw TokenizerError(
          .invalidTokenizer,
          "\(path): the token \"\(token.prefix(40))\" has the id \(value.summary); expected a whole number from 0 up.")
      }
      ids[token] = id
    }
    return ids
  }

  /// One more than the largest id.
  static func count(_ vocabulary: [String: Int32], _ tokens: [AddedToken]) -> Int {
    Int(max(vocabulary.values.max() ?? 0, tokens.map(\.id).max() ?? 0)) + 1
  }

  /// A merge that is written as two tokens with a space between; byte-level tokens hold none.
  static func merge(_ line: some StringProtocol, _ number: Int, path: String) throws(TokenizerError) -> (String, String)
  {
    let parts = line.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
      throw TokenizerError(
        .invalidTokenizer,
        "\(path): merge \(number) is \"\(line.prefix(80))\"; expected two tokens with a space between.")
    }
    return (String(parts[0]), String(parts[1]))
  }

  /// The lines of `merges.txt`; the first may tell the version, and the end may be empty.
  private static func merges(ofText url: URL) throws -> [(String, String)] {
    let bytes = try JSONFile.bytes(url, maximumByteCount: maximumByteCount)
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    return try lines.filter { !$0.hasPrefix("#version") }.enumerated().map {
      try merge($0.element, $0.offset, path: url.path)
    }
  }
}
