/// Where progress is shown: one line of standard error that is redrawn, or plain lines where none can be.
final class ProgressDisplay {
  private let terminal = Terminal()
  private var isShown = false

  /// Shows how far the work is.
  func show(_ line: ProgressLine) {
    if terminal.isInteractive {
      redraw(line.text(columns: terminal.columns - 1))
    } else if line.isMilestone {
      StandardError.write(line.plainText + "\n")
    }
  }

  /// Says what begins.
  func show(_ text: String) {
    if terminal.isInteractive {
      redraw(String(text.prefix(terminal.columns - 1)))
    } else {
      StandardError.write(text + "\n")
    }
  }

  /// Removes the line that is redrawn.
  func clear() {
    guard isShown else { return }
    StandardError.write("\r\u{1B}[K")
    isShown = false
  }

  private func redraw(_ text: String) {
    StandardError.write("\r" + (terminal.hasColors ? "\u{1B}[36m\(text)\u{1B}[0m" : text) + "\u{1B}[K")
    isShown = true
  }
}

/// How fast work goes whose parts take about the same time.
struct Pace {
  private let phase: String
  private let milestones: Int
  private var start: ContinuousClock.Instant?
  private var last = -1

  /// - Parameters:
  ///   - phase: For example `decoding`.
  ///   - milestones: How many lines the whole work is worth where none can be redrawn.
  init(_ phase: String, milestones: Int = 10) {
    self.phase = phase
    self.milestones = milestones
  }

  /// What to show when a fraction of the work is done; the work begins with the first call.
  mutating func line(at fraction: Double, detail: String = "") -> ProgressLine {
    let start = start ?? .now
    let number = Int(fraction * Double(milestones))
    defer { (self.start, last) = (start, number) }
    let elapsed = (ContinuousClock.now - start) / .seconds(1)
    return ProgressLine(
      phase: phase, fraction: fraction, detail: detail,
      remaining: fraction > 0.05 ? elapsed / fraction * (1 - fraction) : nil, isMilestone: number > last)
  }
}
