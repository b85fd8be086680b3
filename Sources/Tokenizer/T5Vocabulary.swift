import Checkpoint
import Foundation

/// What the files of a T5 tokenizer say, before it is put together.
struct T5Vocabulary {
  var model: SentencePieceModel
  var addedTokens: [AddedToken]
  var paddingID: Int32
  /// The ids before the text.
  var opening: [Int32]
  /// The ids after the text.
  var closing: [Int32]
  /// Whether the model replaces characters before it looks for pieces.
  var isNormalizing: Bool

  /// The largest file that is read, in bytes; tokenizers with a million pieces stay below.
  static let maximumByteCount = 256 << 20

  /// Reads a folder.
  init(folder: URL) throws {
    let model = folder.appendingPathComponent("spiece.model")
    let json = folder.appendingPathComponent("tokenizer.json")
    let settings = try TokenizerSettings(folder: folder)
    for url in [model, json] { try checkLink(url) }
    if FileManager.default.fileExists(atPath: model.path) {
      try self.init(sentencePiece: model, settings: settings)
    } else if FileManager.default.fileExists(atPath: json.path) {
      try self.init(json: json, settings: settings)
    } else {
      throw TokenizerError(
        .missingTokenizer, "\(folder.path): there is neither spiece.model nor tokenizer.json; fetch the model again.")
    }
  }

  /// Reads a model as published; ids of added tokens come from the settings, or follow the pieces.
  private init(sentencePiece url: URL, settings: TokenizerSettings) throws {
    let bytes = try JSONFile.bytes(url, maximumByteCount: Self.maximumByteCount)
    let model = try SentencePieceModel(bytes, path: url.path)
    var tokens = settings.addedTokens
    var known = Set(tokens.map(\.content))
    var next = tokens.reduce(Int32(model.pieceCount)) { max($0, $1.id &+ 1) }
    let named = [settings.padding, settings.closing, settings.unknown] + settings.extraTokens
    for content in named where known.insert(content).inserted {
      let piece = model.id(of: content)
      tokens.append(AddedToken(content: content, id: piece ?? next))
      if piece == nil { next += 1 }
    }
    let ids = Dictionary(tokens.map { ($0.content, $0.id) }, uniquingKeysWith: { first, _ in first })
    guard let padding = ids[settings.padding], let closing = ids[settings.closing] else {
      throw TokenizerError(.invalidTokenizer, "\(url.path): the padding and closing tokens have no ids.")
    }
    self.model = model
    addedTokens = tokens
    paddingID = padding
    opening = []
    self.closing = [closing]
    isNormalizing = SentencePieceProto.hasCharacterMap(bytes)
  }
}

/// What `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json` say; each may be missing.
struct TokenizerSettings {
  /// The padding token.
  var padding = "<pad>"
  /// The token after the text.
  var closing = "</s>"
  /// The token of what is in no piece.
  var unknown = "<unk>"
  /// More tokens to be found in text, in the order in which they get ids.
  var extraTokens: [String] = []
  /// The tokens with a given id.
  var addedTokens: [AddedToken] = []

  init(folder: URL) throws {
    func read(_ name: String) throws -> (URL, JSONObject)? {
      let url = folder.appendingPathComponent(name)
      guard FileManager.default.fileExists(atPath: url.path) else { return nil }
      let value = try JSONFile.read(url, maximumByteCount: 64 << 20)
      guard let object = value.object else {
        throw TokenizerError(.invalidTokenizer, "\(url.path): expected a JSON object, this is \(value.summary).")
      }
      return (url, object)
    }
    var extraCount = 100
    var listed: [String] = []
    for name in ["special_tokens_map.json", "tokenizer_config.json"] {
      guard let (url, object) = try read(name) else { continue }
      padding = Self.content(object["pad_token"]) ?? padding
      closing = Self.content(object["eos_token"]) ?? closing
      unknown = Self.content(object["unk_token"]) ?? unknown
      for key in ["additional_special_tokens", "extra_special_tokens"] {
        if let list = object[key]?.array { listed = list.compactMap(Self.content) }
      }
      if let count = object["extra_ids"] {
        guard let number = count.int, (0...100_000).contains(number) else {
          throw TokenizerError(
            .invalidTokenizer, "\(url.path): \"extra_ids\" is \(count.summary); expected a whole number from 0 up.")
        }
        extraCount = number
      }
      for (key, value) in object["added_tokens_decoder"]?.object ?? JSONObject() {
        guard let id = Int32(key), id >= 0, let token = AddedToken(value, id: id) else {
          throw TokenizerError(.invalidTokenizer, "\(url.path): \"added_tokens_decoder\" has no token at \"\(key)\".")
        }
        addedTokens.append(token)
      }
    }
    if let (url, object) = try read("added_tokens.json") {
      for (content, value) in object where !addedTokens.contains(where: { $0.content == content }) {
        guard let number = value.int, let id = Int32(exactly: number), id >= 0 else {
          throw TokenizerError(.invalidTokenizer, "\(url.path): \"\(content)\" has the id \(value.summary).")
        }
        addedTokens.append(AddedToken(content: content, id: id))
      }
    }
    // The sentinels have ids in falling order: the highest id is <extra_id_0>.
    if !listed.contains(where: { $0.contains("<extra_id_") }) {
      extraTokens = (0..<extraCount).reversed().map { "<extra_id_\($0)>" }
    }
    extraTokens += listed
  }

  /// A token that is written as a string or as an object with its rules.
  private static func content(_ value: JSONValue?) -> String? { value?.string ?? value?["content"]?.string }
}

extension AddedToken {
  /// Reads a token from an object with `content` and its rules; `nil` when it is none.
  init?(_ value: JSONValue, id: Int32) {
    guard let content = value["content"]?.string else { return nil }
    self.init(
      content: content, id: id, takesSpaceBefore: value["lstrip"]?.bool ?? false,
      takesSpaceAfter: value["rstrip"]?.bool ?? false, isSingleWord: value["single_word"]?.bool ?? false,
      isNormalized: value["normalized"]?.bool ?? false)
  }
}
