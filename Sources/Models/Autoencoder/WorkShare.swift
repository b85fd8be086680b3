/// A stretch of a piece of work, in fractions of the whole: for progress that is reported from inside its parts.
struct WorkShare {
  /// The fraction that is done when the stretch begins.
  let start: Double
  /// The length of the stretch.
  let length: Double

  /// All of the work.
  static let all = WorkShare(start: 0, length: 1)

  /// One of `count` equal parts of the stretch.
  func part(_ index: Int, of count: Int) -> WorkShare {
    WorkShare(start: start + length * Double(index) / Double(count), length: length / Double(count))
  }

  /// What is done of the whole when a fraction of the stretch is.
  func done(_ fraction: Double) -> Double { start + length * fraction }
}
