import SparseVideoGen

/// One line that says how far the work is: phase, bar, step, seconds per step and the time that is left.
struct ProgressLine {
  /// For example `denoising`.
  var phase: String
  /// From 0 to 1.
  var fraction: Double
  /// For example `step 12/40, 3.2 s/step`.
  var detail: String
  /// Seconds until the end of the phase, once that can be told.
  var remaining: Double?
  /// Whether it is written where no line can be redrawn.
  var isMilestone = true

  /// The line without a bar.
  var plainText: String {
    let left = remaining.flatMap { $0 > 0 ? "\(Figure.seconds($0)) left" : nil }
    return [phase, "\(Int(fraction * 100))%", detail, left ?? ""].filter { !$0.isEmpty }.joined(separator: "  ")
  }

  /// The line, at most `columns` wide; what does not fit is left out, the bar first.
  func text(columns: Int) -> String {
    let percent = "\(Int(fraction * 100))%"
    let parts = [detail, remaining.map { "\(Figure.seconds($0)) left" } ?? ""].filter { !$0.isEmpty }
    let words = "\(phase)  \(percent)  \(parts.joined(separator: ", "))"
    let room = min(30, columns - words.count - 4)
    guard room >= 8 else { return String(words.prefix(max(0, columns))) }
    let filled = Int(Double(room) * min(max(fraction, 0), 1))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: room - filled)
    return "\(phase)  \(bar)  \(percent)  \(parts.joined(separator: ", "))"
  }
}
