/// The rules by which byte-level tokenizers cut text into words, each a regular expression that is published with the
/// vocabulary and that is scanned by hand here.
enum WordPattern: Hashable, Sendable {
  /// GPT-2's: a word takes the space before it; runs of digits stay whole.
  case gpt2
  /// GPT-4's and Llama 3's: a word takes any one character before it, digits come in groups of up to three.
  case llama3
  /// CLIP's: letters, single digits or other characters, and no whitespace at all; transformers 5 also keeps the
  /// markers of the text's start and end whole.
  case clip(keepsMarkers: Bool)

  /// The pattern with a regular expression as `tokenizer.json` writes it, or `nil` for one that is not known.
  init?(regularExpression: String) {
    switch regularExpression {
    case #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#: self = .gpt2
    case #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"#
      + #"|\s*[\r\n]+|\s+(?!\S)|\s+"#:
      self = .llama3
    case #"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"#:
      self = .clip(keepsMarkers: true)
    case #"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"#: self = .clip(keepsMarkers: false)
    default: return nil
    }
  }

  /// Whether whitespace is in no word.
  var leavesSpaces: Bool {
    if case .clip = self { true } else { false }
  }

  /// Cuts a stretch of UTF-8 text into words.
  /// - Complexity: O(bytes of the stretch).
  func words(of range: Range<Int>, in text: [UInt8]) -> [Range<Int>] {
    let scanner = WordScanner(text, range)
    var words: [Range<Int>] = []
    var place = 0
    while place < scanner.count {
      let end = scanner.end(of: self, from: place)
      // Only CLIP's pattern leaves characters out.
      if end > place { words.append(scanner.offsets[place]..<scanner.offsets[end]) }
      place = max(end, place + 1)
    }
    return words
  }
}

/// The characters of a stretch of text by what the patterns tell apart, and where each begins.
private struct WordScanner {
  enum Kind: UInt8 {
    case letter, number, lineBreak, space, other
  }

  private(set) var scalars: [Unicode.Scalar] = []
  private(set) var kinds: [Kind] = []
  /// The offset of each character in bytes, and the end of the stretch.
  private(set) var offsets: [Int] = []

  var count: Int { scalars.count }

  init(_ text: [UInt8], _ range: Range<Int>) {
    var offset = range.lowerBound
    for scalar in String(decoding: text[range], as: UTF8.self).unicodeScalars {
      scalars.append(scalar)
      kinds.append(Self.kind(scalar))
      offsets.append(offset)
      offset += UTF8.width(scalar)
    }
    offsets.append(offset)
  }

  private static func kind(_ scalar: Unicode.Scalar) -> Kind {
    if scalar == "\n" || scalar == "\r" { return .lineBreak }
    if scalar.properties.isWhitespace { return .space }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return .letter
    case .decimalNumber, .letterNumber, .otherNumber: return .number
    default: return .other
    }
  }

  private func isSpace(_ place: Int) -> Bool { kinds[place] == .space || kinds[place] == .lineBreak }

  /// The first place from `place` on whose character is of another kind.
  private func run(of kind: Kind, from place: Int, limit: Int = .max) -> Int {
    var end = place
    while end < count, kinds[end] == kind, end - place < limit { end += 1 }
    return end
  }

  /// The end of the word that starts at a place; the place itself when none does.
  func end(of pattern: WordPattern, from place: Int) -> Int {
    if let end = contraction(from: place, ignoringCase: pattern == .llama3) { return end }
    switch pattern {
    case .gpt2:
      let start = wordStart(afterSpaceAt: place)
      return isSpace(start) ? spaces(from: place) : run(of: kinds[start], from: start)
    case .clip(let keepsMarkers):
      if isSpace(place) { return place }
      if keepsMarkers, let end = marker(from: place) { return end }
      return run(of: kinds[place], from: place, limit: kinds[place] == .number ? 1 : .max)
    case .llama3:
      // Any one character but a digit or a line break may stand before letters.
      if kinds[place] == .letter { return run(of: .letter, from: place) }
      if kinds[place] != .number, kinds[place] != .lineBreak, place + 1 < count, kinds[place + 1] == .letter {
        return run(of: .letter, from: place + 1)
      }
      if kinds[place] == .number { return run(of: .number, from: place, limit: 3) }
      let start = wordStart(afterSpaceAt: place)
      if kinds[start] == .other { return run(of: .lineBreak, from: run(of: .other, from: start)) }
      return lineBreaks(from: place) ?? spaces(from: place)
    }
  }

  /// The place after a space (U+0020) that stands before a word; else the place itself.
  private func wordStart(afterSpaceAt place: Int) -> Int {
    scalars[place] == " " && place + 1 < count && !isSpace(place + 1) ? place + 1 : place
  }

  /// A run of whitespace; the last character is left to the word that follows, where that leaves any.
  private func spaces(from place: Int) -> Int {
    var end = place
    while end < count, isSpace(end) { end += 1 }
    return end < count && end - place > 1 ? end - 1 : end
  }

  /// A run of whitespace up to its last line break, or `nil` when it has none.
  private func lineBreaks(from place: Int) -> Int? {
    var end = place
    var last: Int?
    while end < count, isSpace(end) {
      end += 1
      if kinds[end - 1] == .lineBreak { last = end }
    }
    return last
  }

  /// The endings `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll`, `'d`.
  private func contraction(from place: Int, ignoringCase: Bool) -> Int? {
    guard scalars[place] == "'" else { return nil }
    func letter(_ place: Int) -> Unicode.Scalar {
      guard place < count else { return " " }
      // The long s is an s where case does not count.
      if ignoringCase, scalars[place] == "\u{17F}" { return "s" }
      let lower = scalars[place].properties.lowercaseMapping.unicodeScalars
      return ignoringCase && scalars[place].isASCII ? lower.first ?? " " : scalars[place]
    }
    switch (letter(place + 1), letter(place + 2)) {
    case ("s", _), ("t", _), ("m", _), ("d", _): return place + 2
    case ("r", "e"), ("v", "e"), ("l", "l"): return place + 3
    default: return nil
    }
  }

  /// CLIP's markers, where they were not found as added tokens.
  private func marker(from place: Int) -> Int? {
    guard scalars[place] == "<" else { return nil }
    for marker in ["<|startoftext|>", "<|endoftext|>"]
    where scalars[place...].starts(with: marker.unicodeScalars) { return place + marker.unicodeScalars.count }
    return nil
  }
}
