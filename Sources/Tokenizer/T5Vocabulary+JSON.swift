import Checkpoint
import Foundation

extension T5Vocabulary {
  /// Reads a `tokenizer.json` and rebuilds the SentencePiece model that it was made from.
  /// - Throws: ``TokenizerError`` with code `unsupportedTokenizer` for a tokenizer of another kind than T5's,
  ///   `invalidTokenizer` for a damaged one.
  init(json url: URL, settings: TokenizerSettings) throws {
    let reader = TokenizerJSON(
      path: url.path, kind: "T5", root: try JSONFile.read(url, maximumByteCount: Self.maximumByteCount))
    try reader.checkWordRules()
    let characterMap = try reader.characterMap()
    addedTokens = try reader.addedTokens()
    let pieces = try reader.pieces(controls: Set(addedTokens.map(\.content)))
    model = try SentencePieceModel(
      SentencePieceProto.unigramModel(pieces, characterMap: characterMap), path: url.path)
    isNormalizing = characterMap != nil
    (opening, closing) = try reader.template()
    guard
      let padding = addedTokens.first(where: { $0.content == settings.padding })?.id ?? model.id(of: settings.padding)
    else {
      throw TokenizerError(.invalidTokenizer, "\(url.path): there is no padding token \"\(settings.padding)\".")
    }
    paddingID = padding
  }
}

/// What is T5's own in a `tokenizer.json`.
extension TokenizerJSON {
  /// The normalization table; rules on whitespace are left out, since words are cut at whitespace anyway.
  fileprivate func characterMap() throws -> [UInt8]? {
    var map: [UInt8]?
    for part in parts("normalizer", "normalizers") {
      switch part["type"]?.string {
      case "Precompiled":
        guard let text = part["precompiled_charsmap"]?.string else {
          throw invalid("the normalizer has no table")
        }
        guard let data = Data(base64Encoded: text), map == nil else {
          throw invalid("the normalizer's table is damaged")
        }
        map = data.isEmpty ? nil : Array(data)
      case "Strip": break
      case "Replace" where part["pattern"]?["Regex"]?.string == " {2,}": break
      case let type: throw unsupported("the normalizer \"\(type ?? "")\" is not known")
      }
    }
    return map
  }

  /// Refuses rules for the starts of words that are not T5's.
  fileprivate func checkWordRules() throws {
    let parts = parts("pre_tokenizer", "pretokenizers")
    guard let mark = parts.first(where: { $0["type"]?.string == "Metaspace" }) else {
      throw unsupported("the pre-tokenizer is no Metaspace")
    }
    for part in parts where !["Metaspace", "WhitespaceSplit"].contains(part["type"]?.string) {
      throw unsupported("the pre-tokenizer \"\(part["type"]?.string ?? "")\" is not known")
    }
    let prepends = mark["prepend_scheme"].map { $0.string == "always" } ?? mark["add_prefix_space"]?.bool ?? true
    guard prepends, mark["replacement"]?.string ?? "\u{2581}" == "\u{2581}" else {
      throw unsupported("the pre-tokenizer does not mark every word's start with \u{2581}")
    }
  }

  /// The vocabulary. Added tokens become control pieces, which the model never finds in text.
  fileprivate func pieces(controls: Set<String>) throws -> [SentencePieceProto.Piece] {
    guard let model = root["model"], model["type"]?.string ?? "Unigram" == "Unigram" else {
      throw unsupported("the model is no Unigram")
    }
    guard model["byte_fallback"]?.bool != true else { throw unsupported("the model falls back to bytes") }
    guard let list = model["vocab"]?.array, !list.isEmpty else { throw invalid("the vocabulary is missing") }
    guard let unknown = model["unk_id"]?.int, list.indices.contains(unknown) else {
      throw invalid("the vocabulary has no token for unknown text")
    }
    return try list.enumerated().map { id, value in
      guard let pair = value.array, pair.count == 2, let text = pair[0].string, !text.isEmpty,
        let score = pair[1].double, score.isFinite
      else { throw invalid("piece \(id) of the vocabulary is no pair of text and score") }
      let type: SentencePieceProto.PieceType =
        id == unknown ? .unknown : controls.contains(text) ? .control : .normal
      return SentencePieceProto.Piece(text: text, score: Float(score), type: type)
    }
  }
}
