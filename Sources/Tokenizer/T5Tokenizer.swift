import Foundation

/// The tokenizer of T5: a SentencePiece Unigram model, added tokens, and `</s>` at the end.
///
/// Gives the ids of `T5Tokenizer` in transformers 5, whether the model was published as `spiece.model` or as
/// `tokenizer.json` alone: added tokens are taken out first; what is left is cut at whitespace, and each word is
/// encoded with the mark of a word's start before it. (Its `legacy` option has no effect there, nor here: text after an
/// added token starts a word.) Two rare differences remain, since normalization is SentencePiece's own: sequences of
/// combining marks over 5 bytes are composed as a whole, and deleted control characters never end a word.
public struct T5Tokenizer: PromptTokenizer {
  /// The id that fills up short prompts.
  public let paddingID: Int32
  /// One more than the largest id.
  public let vocabularyCount: Int

  private let model: SentencePieceModel
  private let addedTokens: AddedTokens
  private let opening: [Int32]
  private let closing: [Int32]
  private let wordBreaks: WordBreaks

  /// Loads the tokenizer of a folder: `spiece.model` if it is there, else `tokenizer.json`.
  /// - Throws: ``TokenizerError`` with code `missingTokenizer`, `invalidTokenizer` or `unsupportedTokenizer`; a file
  ///   that cannot be read or is no JSON throws the error of the `Checkpoint` module.
  public init(folder: URL) throws {
    try self.init(T5Vocabulary(folder: folder))
  }

  init(_ vocabulary: T5Vocabulary) {
    model = vocabulary.model
    addedTokens = AddedTokens(vocabulary.addedTokens)
    paddingID = vocabulary.paddingID
    opening = vocabulary.opening
    closing = vocabulary.closing
    wordBreaks = WordBreaks(isNormalizing: vocabulary.isNormalizing)
    vocabularyCount = vocabulary.addedTokens.reduce(model.pieceCount) { max($0, Int($1.id) + 1) }
  }

  /// Encodes a prompt to exactly `length` ids, `</s>` last even when the text is cut.
  /// - Throws: ``TokenizerError`` with code `encodingFailed`.
  /// - Precondition: `length` is at least 1, for `</s>`.
  /// - Complexity: O(bytes of the prompt).
  public func encode(_ prompt: String, length: Int) throws -> TokenizedPrompt {
    let room = length - opening.count - closing.count
    precondition(room >= 0, "\(length) tokens have no room for the closing one")
    let text = Array(prompt.utf8)
    var kept: [Int32] = []
    var count = 0
    var cut: Int?
    var ids: [Int32] = []
    try forEachWord(of: text) { range, id in
      ids.removeAll(keepingCapacity: true)
      if let id { ids.append(id) } else { try model.encode(text[range], into: &ids) }
      count += ids.count
      kept += ids.prefix(room - kept.count)
      if cut == nil, count > room { cut = range.lowerBound }
    }
    let used = opening + kept + closing
    return TokenizedPrompt(
      ids: used + [Int32](repeating: paddingID, count: length - used.count), tokenCount: used.count,
      truncatedCount: count - kept.count, truncatedText: cut.map { String(decoding: text[$0...], as: UTF8.self) } ?? "")
  }

  /// The text of a token, or `nil` when the model has no piece with this id.
  public func piece(_ id: Int32) -> String? { model.piece(id) }

  /// Calls `body` with every word, and with every added token and its id, in the order of the text.
  private func forEachWord(of text: [UInt8], _ body: (Range<Int>, Int32?) throws -> Void) throws {
    for piece in addedTokens.split(text) {
      if let id = piece.id {
        try body(piece.range, id)
        continue
      }
      var start = piece.range.lowerBound
      var position = start
      while position < piece.range.upperBound {
        let width = wordBreaks.width(at: position, in: text)
        if width > 0 {
          if start < position { try body(start..<position, nil) }
          start = position + width
        }
        position += max(width, 1)
      }
      if start < piece.range.upperBound { try body(start..<piece.range.upperBound, nil) }
    }
  }
}

/// What ends a word: whitespace, and the mark that stands for it in pieces.
private struct WordBreaks {
  /// Whether the model replaces characters first; its table then deletes the vertical tab instead of making it a space.
  let isNormalizing: Bool

  /// How many bytes of whitespace start at a place, 0 when there is none.
  func width(at position: Int, in text: [UInt8]) -> Int {
    let lead = text[position]
    if lead < 0x80 {
      return lead == 0x20 || (0x09...0x0D).contains(lead) && !(isNormalizing && lead == 0x0B) ? 1 : 0
    }
    // Whitespace outside ASCII is U+0085, U+00A0, U+1680, U+2000…U+3000; only these bytes can start one.
    guard lead == 0xC2 || (0xE1...0xE3).contains(lead), let scalar = Scalars.first(of: text[position...]) else {
      return 0
    }
    return scalar.properties.isWhitespace || scalar == "\u{2581}" ? UTF8.width(scalar) : 0
  }
}
