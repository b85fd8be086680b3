import Foundation

/// One change of a text before it is cut into words.
enum TextNormalizer: Hashable, Sendable {
  /// Letters and their marks become one character where Unicode has it (normalization form C).
  case composed
  /// Every run of whitespace becomes one space.
  case singleSpaces
  /// Every character becomes its lower-case form, whatever stands beside it.
  case lowercased

  /// CLIP's changes, in their order.
  static let clip: [TextNormalizer] = [.composed, .singleSpaces, .lowercased]

  /// The text after the change.
  func callAsFunction(_ text: String) -> String {
    switch self {
    case .composed: return text.utf8.allSatisfy { $0 < 0x80 } ? text : text.precomposedStringWithCanonicalMapping
    case .singleSpaces:
      var result = String.UnicodeScalarView()
      var isInSpace = false
      for scalar in text.unicodeScalars {
        let isSpace = scalar.properties.isWhitespace
        if !isSpace { result.append(scalar) } else if !isInSpace { result.append(" ") }
        isInSpace = isSpace
      }
      return String(result)
    case .lowercased:
      var result = ""
      for scalar in text.unicodeScalars { result += scalar.properties.lowercaseMapping }
      return result
    }
  }
}

extension [TextNormalizer] {
  /// The text after all changes, in their order.
  func callAsFunction(_ text: String) -> String { reduce(text) { $1($0) } }
}
