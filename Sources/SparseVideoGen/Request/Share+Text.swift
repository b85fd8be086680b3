import Attention

extension Share {
  /// Reads `12` or `25%`.
  public init?(_ text: String) {
    if text.hasSuffix("%") {
      guard let percent = Double(text.dropLast()), percent.isFinite else { return nil }
      self = .fraction(percent / 100)
    } else {
      guard let count = Int(text) else { return nil }
      self = .count(count)
    }
  }
}
