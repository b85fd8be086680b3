/// A token that is found in the text as it stands, before the model sees it: `</s>`, `<extra_id_0>`.
struct AddedToken: Hashable, Sendable {
  /// The text that is looked for.
  var content: String
  /// The id.
  var id: Int32
  /// Whether whitespace before it belongs to it.
  var takesSpaceBefore = false
  /// Whether whitespace after it belongs to it.
  var takesSpaceAfter = false
  /// Whether it counts only where no letter, digit or underscore touches it.
  var isSingleWord = false
  /// Whether it is looked for after the others, in what they leave.
  var isNormalized = false
}

/// Finds added tokens in text, as the *tokenizers* library does: leftmost first, the longest of those.
///
/// Tokens that are marked as normalized are looked for in the text as typed, not in its normalized form; published
/// T5 tokenizers have none.
struct AddedTokens: Sendable {
  /// A stretch of text, or a token in its place.
  struct Piece: Hashable, Sendable {
    /// Where it stands, in bytes of the text.
    var range: Range<Int>
    /// The token's id, or `nil` for text.
    var id: Int32?
  }

  /// The tokens by their first byte, the longest first.
  private let early: [[Candidate]]
  private let late: [[Candidate]]

  private struct Candidate: Sendable {
    let bytes: [UInt8]
    let token: AddedToken
  }

  /// Prepares the search; tokens without text are never found.
  init(_ tokens: [AddedToken]) {
    func index(_ tokens: [AddedToken]) -> [[Candidate]] {
      var index = [[Candidate]](repeating: [], count: 256)
      for token in tokens.sorted(by: { $0.content.utf8.count > $1.content.utf8.count }) {
        let bytes = Array(token.content.utf8)
        if let first = bytes.first { index[Int(first)].append(Candidate(bytes: bytes, token: token)) }
      }
      return index
    }
    early = index(tokens.filter { !$0.isNormalized })
    late = index(tokens.filter(\.isNormalized))
  }

  /// Cuts UTF-8 text at the added tokens; stretches of text are not empty.
  func split(_ text: [UInt8]) -> [Piece] {
    let first = Self.split(text, 0..<text.count, early)
    guard late.contains(where: { !$0.isEmpty }) else { return first }
    return first.flatMap { $0.id == nil ? Self.split(text, $0.range, late) : [$0] }
  }

  private static func split(_ text: [UInt8], _ range: Range<Int>, _ index: [[Candidate]]) -> [Piece] {
    var pieces: [Piece] = []
    var start = range.lowerBound
    var position = start
    while position < range.upperBound {
      let candidates = index[Int(text[position])]
      guard !candidates.isEmpty,
        let match = candidates.first(where: { text[position..<range.upperBound].starts(with: $0.bytes) })
      else {
        position += 1
        continue
      }
      var found = position..<position + match.bytes.count
      position = found.upperBound
      if match.token.isSingleWord {
        let before = Scalars.last(of: text[range.lowerBound..<found.lowerBound])
        let after = Scalars.first(of: text[found.upperBound..<range.upperBound])
        if before.map(Scalars.isWord) ?? false || after.map(Scalars.isWord) ?? false { continue }
      }
      if match.token.takesSpaceBefore {
        while let scalar = Scalars.last(of: text[start..<found.lowerBound]), scalar.properties.isWhitespace {
          found = found.lowerBound - UTF8.width(scalar)..<found.upperBound
        }
      }
      if match.token.takesSpaceAfter {
        while let scalar = Scalars.first(of: text[found.upperBound..<range.upperBound]), scalar.properties.isWhitespace
        {
          found = found.lowerBound..<found.upperBound + UTF8.width(scalar)
        }
      }
      if start < found.lowerBound { pieces.append(Piece(range: start..<found.lowerBound, id: nil)) }
      pieces.append(Piece(range: found, id: match.token.id))
      start = found.upperBound
      position = max(position, start)
    }
    if start < range.upperBound { pieces.append(Piece(range: start..<range.upperBound, id: nil)) }
    return pieces
  }
}

/// Unicode scalars at the ends of UTF-8 text.
enum Scalars {
  /// The first scalar, or `nil` when there is none.
  static func first(of bytes: ArraySlice<UInt8>) -> Unicode.Scalar? {
    guard let lead = bytes.first else { return nil }
    if lead < 0x80 { return Unicode.Scalar(lead) }
    return String(decoding: bytes.prefix(lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4), as: UTF8.self).unicodeScalars.first
  }

  /// The last scalar, or `nil` when there is none.
  static func last(of bytes: ArraySlice<UInt8>) -> Unicode.Scalar? {
    guard let start = bytes.lastIndex(where: { $0 & 0xC0 != 0x80 }) else { return nil }
    return first(of: bytes[start...])
  }

  /// Whether a scalar is part of a word, as `\w` of regular expressions has it.
  static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: true
    default: scalar.properties.isAlphabetic || scalar.properties.isJoinControl
    }
  }
}
