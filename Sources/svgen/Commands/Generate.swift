import ArgumentParser
import SparseVideoGen

/// `svgen generate`.
struct Generate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes a video, or many, from text, or from text and an image.",
    discussion: """
      The latents are on the disk before they are decoded; when decoding or writing fails or is interrupted, \
      “svgen decode” makes the video from them.

      --prompts names a file with one JSON object on each line: {"prompt": "…"} and, where they differ, \
      "negative_prompt", "image", "seed", "steps", "guidance", "width", "height", "frames", "output", "save_latents".
      """)

  @OptionGroup(title: "Video")
  var video: VideoOptions

  @Option(
    help: "Many videos with one loading of the model: a file with one JSON object on each line.",
    transform: OptionValue.name)
  var prompts: String?

  @OptionGroup(title: "Attention")
  var attention: AttentionOptions

  @OptionGroup(title: "Output")
  var output: OutputOptions

  @OptionGroup(title: "Model")
  var model: ModelOptions

  @OptionGroup(title: "Report")
  var report: ReportOptions

  func run() async throws {
    let jobs = try await VideoJob.all(video, attention: attention, prompts: prompts, output: output)
    for job in jobs { try await ListedError.naming(job.place) { try await job.output.check() } }
    let interrupt = Interrupt()
    let run = GenerateRun(
      jobs: jobs, reporter: Reporter(report, videos: jobs.count), interrupt: interrupt,
      includesMetadata: !output.noMetadata)
    for note in attention.notes { run.reporter.note("note: \(note)") }
    let generator = try await model.generator
    for job in jobs { try await ListedError.naming(job.place) { _ = try generator.plan(job.request) } }
    try await run(generator)
  }
}

/// A run of `svgen generate`: shows events, writes videos, and says how to go on after a failure.
struct GenerateRun {
  let jobs: [VideoJob]
  let reporter: Reporter
  let interrupt: Interrupt
  let includesMetadata: Bool

  func callAsFunction(_ generator: VideoGenerator) async throws {
    var saved: SavedLatents?
    var current = 0
    do {
      let generation = generator.events(for: jobs.map(\.request))
      try await interrupt.cancelable(by: generation.cancel) {
        for try await item in generation {
          current = item.index
          switch item.event {
          case .savedLatents(let latents): saved = latents
          case .planned: saved = nil
          default: break
          }
          if case .finished(let result) = item.event {
            try await write(result, index: item.index)
          } else {
            try reporter.show(item.event, index: item.index)
          }
        }
      }
    } catch {
      reporter.clear()
      // Also where nothing but errors is to be said: it is how to go on after one.
      if let saved { StandardError.write(advice(saved, output: jobs[current].output.path) + "\n") }
      throw interrupt.wasRequested ? CancellationError() : error
    }
    if let failure = reporter.outputFailure { throw failure }
  }

  private func write(_ result: GenerationResult, index: Int) async throws {
    let job = jobs[index]
    let (path, includesMetadata) = (job.output.path, includesMetadata)
    let writing = Task { try await result.write(to: path, includesMetadata: includesMetadata) }
    try await interrupt.cancelable(by: { writing.cancel() }) { try await writing.value }
    job.removeLatents()
    try reporter.show(.finished(result), index: index, output: job.output.path)
    reporter.result(job.output.path)
  }

  private func advice(_ latents: SavedLatents, output: String) -> String {
    let command = "svgen decode \(shellWord(latents.path)) -o \(shellWord(output))"
    return latents.isComplete
      ? "the latents are kept; make the video from them with: \(command)"
      : "stopped after step \(latents.completedSteps) of \(latents.steps); what there is can be seen with: \(command)"
  }
}

/// A word as a shell takes it.
func shellWord(_ word: String) -> String {
  let isPlain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./,:%".contains($0)) }
  return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
}
