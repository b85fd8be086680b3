import Foundation

/// A byte-level byte-pair tokenizer: that of CLIP, and those of the Llama 3 and GPT-2 kind.
///
/// Gives the ids that transformers gives: added tokens are taken out first; what is left is normalized, cut into words
/// by the patterns that are published with the vocabulary, and each word is merged from its bytes.
public struct BytePairTokenizer: PromptTokenizer {
  /// The id that fills up short prompts.
  public let paddingID: Int32
  /// One more than the largest id.
  public let vocabularyCount: Int

  private let model: BytePairModel
  private let normalizers: [TextNormalizer]
  private let patterns: [WordPattern]
  /// Tokens that are looked for in the text as typed.
  private let typedTokens: AddedTokens
  /// Tokens that are looked for in the normalized text.
  private let normalizedTokens: AddedTokens
  private let opening: [Int32]
  private let closing: [Int32]

  /// Loads the tokenizer of a folder with a `tokenizer.json`, as Llama 3 is published.
  /// - Throws: ``TokenizerError`` with code `missingTokenizer`, `invalidTokenizer` or `unsupportedTokenizer`; a file
  ///   that cannot be read or is no JSON throws the error of the `Checkpoint` module.
  public static func llama(folder: URL) throws -> BytePairTokenizer {
    BytePairTokenizer(try BytePairVocabulary(json: folder, kind: "Llama 3"))
  }

  /// Loads CLIP's tokenizer: `vocab.json` and `merges.txt` if they are there, else `tokenizer.json`.
  /// - Throws: As ``llama(folder:)`` does.
  public static func clip(folder: URL) throws -> BytePairTokenizer {
    let hasVocabulary = FileManager.default.fileExists(atPath: folder.appendingPathComponent("vocab.json").path)
    return BytePairTokenizer(
      try hasVocabulary ? BytePairVocabulary(clip: folder) : BytePairVocabulary(json: folder, kind: "CLIP"))
  }

  init(_ vocabulary: BytePairVocabulary) {
    paddingID = vocabulary.paddingID
    vocabularyCount = vocabulary.count
    model = vocabulary.model
    normalizers = vocabulary.normalizers
    patterns = vocabulary.patterns
    opening = vocabulary.opening
    closing = vocabulary.closing
    typedTokens = AddedTokens(vocabulary.addedTokens.filter { !$0.isNormalized })
    normalizedTokens = AddedTokens(
      vocabulary.addedTokens.filter(\.isNormalized).map { token in
        var token = token
        token.content = vocabulary.normalizers(token.content)
        token.isNormalized = false
        return token
      })
  }

  /// Encodes a prompt to exactly `length` ids; the closing token stays when the text is cut. What did not fit is told
  /// as typed, but for the stretch that is cut, which is told as it is normalized: CLIP's in lower case.
  /// - Precondition: `length` has room for the tokens around the text.
  /// - Complexity: O(n log n) for a prompt of n bytes.
  public func encode(_ prompt: String, length: Int) -> TokenizedPrompt {
    let room = length - opening.count - closing.count
    precondition(room >= 0, "\(length) tokens have no room for the ones around the text")
    var kept: [Int32] = []
    var count = 0
    var cut: String?
    var ids: [Int32] = []
    let typed = Array(prompt.utf8)
    for outer in typedTokens.split(typed) {
      let text =
        outer.id != nil
        ? Array(typed[outer.range]) : Array(normalizers(String(decoding: typed[outer.range], as: UTF8.self)).utf8)
      let pieces =
        outer.id.map { [AddedTokens.Piece(range: 0..<text.count, id: $0)] } ?? normalizedTokens.split(text)
      for piece in pieces {
        for word in piece.id == nil ? words(of: piece.range, in: text) : [piece.range] {
          ids.removeAll(keepingCapacity: true)
          if let id = piece.id { ids.append(id) } else { model.encode(text[word], into: &ids) }
          count += ids.count
          kept += ids.prefix(room - kept.count)
          if cut == nil, count > room {
            // Words are those of the normalized text; what follows this stretch is told as typed.
            let rest = String(decoding: text[word.lowerBound...], as: UTF8.self)
            cut = rest + String(decoding: typed[outer.range.upperBound...], as: UTF8.self)
          }
        }
      }
    }
    let used = opening + kept + closing
    return TokenizedPrompt(
      ids: used + [Int32](repeating: paddingID, count: length - used.count), tokenCount: used.count,
      truncatedCount: count - kept.count, truncatedText: cut ?? "")
  }

  /// The words of a stretch of text, in their order.
  private func words(of range: Range<Int>, in text: [UInt8]) -> [Range<Int>] {
    patterns.reduce([range]) { stretches, pattern in stretches.flatMap { pattern.words(of: $0, in: text) } }
  }
}
