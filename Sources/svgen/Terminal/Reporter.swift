import Foundation
import SparseVideoGen

/// Tells a person what happens, on standard error, or a program, as JSON lines on standard output.
final class Reporter {
  private let report: ReportOptions
  private let display = ProgressDisplay()
  private let videos: Int
  private var stepSeconds: [Double] = []
  private var decoding = Pace("decoding")
  /// Why standard output could not be written, once that has happened: the work is worth more, and goes on.
  private(set) var outputFailure: (any Error)?

  /// - Parameter videos: How many videos the run makes.
  init(_ report: ReportOptions, videos: Int = 1) {
    self.report = report
    self.videos = videos
  }

  /// Says what happened.
  /// - Parameter output: Where the video was written; for results only.
  func show(_ event: GenerationEvent, index: Int = 0, output: String? = nil) throws {
    if report.json { write(try event.jsonLine(index: videos > 1 ? index : nil, output: output)) }
    guard !report.quiet else { return }
    switch event {
    case .planned(let plan): begin(plan, index: index)
    case .loading(let component): display.show("loading \(component.rawValue)")
    case .encoded(let prompt): warn(of: prompt)
    case .step(let step): show(step)
    case .savedLatents: break
    case .decoding(let fraction): display.show(decoding.line(at: fraction))
    case .finished(let result): note(result.summary)
    }
  }

  /// Writes a line for a person; a progress line makes room for it.
  func note(_ text: String) {
    guard !report.quiet else { return }
    clear()
    StandardError.write(text + "\n")
  }

  /// Names a result: the one thing on standard output, where no JSON is.
  func result(_ path: String) {
    clear()
    if !report.json { write(path) }
  }

  private func write(_ line: String) {
    guard outputFailure == nil else { return }
    do { try StandardOutput.write(line + "\n") } catch { outputFailure = error }
  }

  /// Removes the progress line.
  func clear() { display.clear() }

  private func begin(_ plan: GenerationPlan, index: Int) {
    stepSeconds = []
    decoding = Pace("decoding")
    let number = videos > 1 ? "video \(index + 1) of \(videos): " : ""
    note("\(number)\(plan.model.family), \(plan.size), \(plan.steps) steps, \(plan.layout.sequenceLength) tokens")
    for warning in plan.warnings { note("note: \(warning)") }
    let range = plan.attention.densityRange
    note(
      "attention \(plan.attention.mechanism)\(plan.attention.numbers.suffix): keeps \(Figure.percent(range.upperBound)), "
        + "drops \(Figure.percent(1 - range.upperBound)) of all query-key pairs")
  }

  private func warn(of prompt: EncodedPrompt) {
    func warn(_ name: String, _ count: Int, _ text: String) {
      guard count > 0 else { return }
      let start = text.count > 60 ? text.prefix(60) + "…" : text.prefix(60)
      note(
        "note: the \(name) is too long for the model; its last \(count) token\(count == 1 ? " is" : "s are") left out: "
          + "“\(start)”")
    }
    warn("prompt", prompt.truncatedTokens, prompt.truncatedText)
    warn("negative prompt", prompt.truncatedNegativeTokens, prompt.truncatedNegativeText)
  }

  private func show(_ step: DenoisingStep) {
    stepSeconds.append(step.seconds)
    // Dense steps come first and are slower, so that only the latest ones tell what is left.
    let recent = stepSeconds.suffix(3)
    let mean = recent.reduce(0, +) / Double(recent.count)
    display.show(
      ProgressLine(
        phase: "denoising", fraction: Double(step.step) / Double(step.steps),
        detail:
          "step \(step.step)/\(step.steps), \(Figure.seconds(step.seconds))/step, keeps \(Figure.percent(step.density))",
        remaining: mean * Double(step.steps - step.step)))
  }
}
