import Foundation

/// The tokenizer of T5: a SentencePiece Unigram model, added tokens, and `</s>` at the end.
///
/// Gives the ids of `T5Tokenizer` in transformers 5, whether the model was published as `spiece.model` or as
/// `tokenizer.json` alone: added tokens are taken out first; what is left is cut at whitespace, and each word is
/// encoded with the mark of a word's start before it. (Its `legacy` option has no effect there, nor here: text after an
/// added token starts a word.) One rare difference remains, since normalization is SentencePiece's own, with which the
/// models were trained: a letter and its marks of more than 5 bytes together (halfwidth kana, decomposed Hangul) are
/// composed, where transformers leaves them apart.
public struct T5Tokenizer: PromptTokenizer {
  /// The id that fills up short prompts.
  public let paddingID: Int32
  /// One more than the largest id.
  public let vocabularyCount: Int

  private let model: SentencePieceModel
  private let addedTokens: AddedTokens
  private let opening: [Int32]
  private let closing: [Int32]
  private let isNormalizing: Bool
  /// The id of a word's start with nothing after it.
  private let wordStart: Int32

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
    isNormalizing = vocabulary.isNormalizing
    wordStart = model.id(of: "\u{2581}") ?? model.unknownID
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

  /// The bytes after which a word is cut: the library joins unknown characters in time that grows with the square of
  /// their number, and 10 MB of them would take hours. No text encoder takes as many tokens as fit in one such word.
  private static let longestWord = 8192

  /// Calls `body` with every word, and with every added token and its id, in the order of the text.
  private func forEachWord(of text: [UInt8], _ body: (Range<Int>, Int32?) throws -> Void) throws {
    for piece in addedTokens.split(text) {
      if let id = piece.id {
        try body(piece.range, id)
        continue
      }
      var word = piece.range.lowerBound..<piece.range.lowerBound
      var mark: Range<Int>?
      func finish(_ next: Range<Int>?) throws {
        if !word.isEmpty {
          try body(word, nil)
        } else if let mark {
          try body(mark, wordStart)
        }
        mark = next
      }
      while word.upperBound < piece.range.upperBound {
        let place = word.upperBound
        switch WordBreak(at: place, in: text, isNormalizing: isNormalizing) {
        case .none where word.count >= Self.longestWord && text[place] & 0xC0 != 0x80:
          try finish(nil)
          word = place..<place + 1
        case .none: word = word.lowerBound..<place + 1
        case .space(let width):
          try finish(nil)
          word = place + width..<place + width
        case .mark(let width):
          try finish(place..<place + width)
          word = place + width..<place + width
        }
      }
      try finish(nil)
    }
  }
}

/// What stands at a place of a text: a part of a word, or what ends one.
private enum WordBreak {
  /// A part of a word.
  case none
  /// Whitespace of some bytes.
  case space(Int)
  /// The mark `▁` of a word's start, written out; a table of characters turns it into a space, a model without one
  /// reads it as a mark.
  case mark(Int)

  init(at place: Int, in text: [UInt8], isNormalizing: Bool) {
    let lead = text[place]
    self = .none
    if lead < 0x80 {
      // The tables of T5 delete the vertical tab instead of making it a space.
      if lead == 0x20 || (0x09...0x0D).contains(lead) && !(isNormalizing && lead == 0x0B) { self = .space(1) }
    } else if lead == 0xC2 || (0xE1...0xE3).contains(lead), let scalar = Scalars.first(of: text[place...]) {
      // Other whitespace is U+0085, U+00A0, U+1680 and U+2000…U+3000, which start with these bytes.
      let width = UTF8.width(scalar)
      if scalar == "\u{2581}" {
        self = isNormalizing ? .space(width) : .mark(width)
      } else if scalar.properties.isWhitespace {
        self = .space(width)
      }
    }
  }
}
