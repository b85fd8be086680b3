import ArgumentParser
import Foundation
import SparseVideoGen

/// `svgen compare`.
struct Compare: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Makes videos with full and with sparse attention from the same seeds, and says how near and how much faster.",
    discussion: """
      PSNR and SSIM are of the decoded frames, before any encoding. The dense video of each prompt and seed is made once, \
      and so are the first steps, which are dense in the sparse runs too: their time counts to every run that has them, so \
      that speed-ups are those of whole runs. Times leave out loading, and a short run that is discarded warms up first.

      Text, or one JSON object for each comparison with --json, goes to standard output. The report is one HTML page with \
      both videos of the first comparison; they are encoded after all runs, and only then the first comparison is told as \
      JSON, with the time of it.
      """)

  @OptionGroup(title: "Video")
  var video: VideoOptions

  @Option(
    help:
      "Many prompts: a file with one JSON object on each line, as “generate” takes it; names of videos and latents in it are not used.",
    transform: OptionValue.name)
  var prompts: String?

  @Option(
    parsing: .unconditional, help: "Several seeds for each prompt: 0,1,2.",
    transform: OptionList.parse(OptionValue.seed))
  var seeds: [UInt64]?

  @OptionGroup(title: "Compared")
  var comparison: ComparisonOptions

  @Option(
    help: "Weights of lpips.LPIPS as safetensors (AlexNet or VGG-16): measures LPIPS too.", transform: OptionValue.name)
  var lpips: String?

  @Option(
    help: "The page. A file of this name is replaced. (default: report.html, never replacing a file)",
    transform: OptionValue.name)
  var report: String?

  @Flag(help: "Make no page.")
  var noReport = false

  @OptionGroup(title: "Model")
  var model: ModelOptions

  @OptionGroup(title: "Report")
  var output: ReportOptions

  func run() async throws {
    let videos = try videos()
    let request = ComparisonRequest(videos: videos.map(\.request), variants: comparison.variants)
    let perceptual = try lpips.map(PerceptualSimilarity.init(path:))
    let page = noReport ? nil : try ReportPath(report)
    let generator = try await model.generator
    let reporter = Reporter(output)
    var told: Set<String> = []
    for video in videos {
      let plan = try await ListedError.naming(video.place) { try generator.plan(video.request) }
      for warning in plan.warnings where told.insert(warning).inserted {
        reporter.note("note: \(warning)")
      }
    }
    let machine = await SystemReport().facts
    let run = CompareRun(
      command: commandLine, machine: machine, output: output, interrupt: Interrupt(), page: page)
    try await run(generator.comparisons(for: request, perceptual: perceptual))
  }

  /// The videos to compare, those of a list with the line that they are from.
  private func videos() throws -> [(request: GenerationRequest, place: String?)] {
    guard !noReport || report == nil else { throw ValidationError("--report and --no-report exclude each other") }
    guard seeds == nil || video.seed == nil else { throw ValidationError("--seed and --seeds exclude each other") }
    var videos: [(request: GenerationRequest, place: String?)]
    if let prompts {
      guard video.prompt == nil else { throw ValidationError("--prompt and --prompts exclude each other") }
      let list = try PromptList(path: prompts, request: video.request(prompt: "", attention: .dense))
      if seeds != nil, let entry = list.entries.first(where: { $0.keys.contains("seed") }) {
        throw ValidationError("--seeds and the \"seed\" of \(entry.place) exclude each other")
      }
      videos = list.entries.map { ($0.request, $0.place) }
    } else {
      guard video.prompt != nil else { throw ValidationError("Missing expected argument '--prompt <prompt>'") }
      videos = [(video.request(attention: .dense), nil)]
    }
    guard let seeds else { return videos }
    return videos.flatMap { video in
      seeds.map { seed in
        var video = video
        video.request.seed = seed
        return video
      }
    }
  }

  private var commandLine: String {
    (["svgen"] + CommandLine.arguments.dropFirst()).map(shellWord).joined(separator: " ")
  }
}

/// A run of `svgen compare`: tells what is done, and in the end what all comparisons come to.
struct CompareRun {
  let command: String
  let machine: [NamedValue]
  let output: ReportOptions
  let interrupt: Interrupt
  let page: ReportPath?

  func callAsFunction(_ comparisons: EventStream<ComparisonEvent>) async throws {
    // Events of single runs are for people: for programs there are comparisons. Options must come from parsed ones; those
    // of the memberwise initializer have no value yet.
    var events = output
    events.json = false
    events.quiet = output.quiet || output.json
    let reporter = Reporter(events)
    var summary = ComparisonSummary()
    var first: Comparison?
    do {
      try await interrupt.cancelable(by: comparisons.cancel) {
        for try await event in comparisons {
          switch event {
          case .warmingUp(let event):
            if case .planned = event { reporter.note("warming up") }
          case .running(let event, let run, let runs, let variant):
            if case .planned = event {
              reporter.note("run \(run + 1) of \(runs): \(variant?.name ?? "dense")")
            }
            switch event {
            case .step, .decoding: try reporter.show(event)
            // A prompt that is too long is so for every run with it.
            case .encoded where variant == nil: try reporter.show(event)
            default: break
            }
          case .compared(let comparison):
            let isFirst = first == nil
            if isFirst { first = comparison }
            let report = comparison.report(command: command, machine: machine, includesHeads: false)
            summary.add(comparison, report: report)
            reporter.clear()
            if output.json {
              // What the page shows is encoded after all runs, so as not to slow one down; it is told then.
              if !(isFirst && page != nil) { try Self.writeJSON(report) }
            } else {
              reporter.note(Self.line(report))
            }
          }
        }
      }
    } catch {
      reporter.clear()
      // What is finished is worth having, whatever ended the rest; that it cannot be written is told beside the reason.
      do {
        try await conclude(first, summary, reporter)
      } catch let another {
        StandardError.write("Error: \(another)\n")
      }
      throw interrupt.wasRequested ? CancellationError() : error
    }
    reporter.clear()
    try await conclude(first, summary, reporter)
  }

  /// One line for a comparison, while others still run.
  private static func line(_ report: ComparisonReport) -> String {
    let figures = report.headlines.prefix(4).map { "\($0.name) \($0.value)" }
    return "\(report.sparse.label), seed \(report.seed): " + figures.joined(separator: ", ")
  }

  /// Tells what all comparisons come to, and makes the page of the first.
  private func conclude(_ first: Comparison?, _ summary: ComparisonSummary, _ reporter: Reporter) async throws {
    guard let first else { return }
    let pictures = page == nil ? nil : await pictures(of: first, reporter)
    var report = first.report(command: command, machine: machine, includesHeads: true, pictures: pictures)
    if output.json, page != nil {
      var line = report
      line.heads = nil
      try Self.writeJSON(line)
    }
    if summary.count > 1 { report.curve = summary.points }
    if !output.json {
      let width = StandardOutput.columns
      try StandardOutput.write(
        (summary.count > 1 ? report.summaryText(width: width) : report.text(width: width)) + "\n")
    }
    guard let page else { return }
    try report.writeHTML(to: URL(filePath: page.path), pictures: pictures)
    reporter.note("report: \(page.path)")
  }

  /// The frames for the page, or `nil`, with a note why, where they cannot be encoded: all else is still worth telling.
  private func pictures(of comparison: Comparison, _ reporter: Reporter) async -> ComparisonPictures? {
    do {
      return try await ComparisonPictures(comparison)
    } catch {
      reporter.note("note: the page shows no videos: \(error)")
      return nil
    }
  }

  private static func writeJSON(_ report: ComparisonReport) throws {
    try StandardOutput.write(String(decoding: try report.json(), as: UTF8.self) + "\n")
  }
}

/// Where the page goes, checked before anything runs.
struct ReportPath {
  let path: String

  /// - Parameter given: What the user says; a name that is free when `nil`.
  init(_ given: String?) throws {
    path =
      given
      ?? (1...).lazy.map { "report\($0 == 1 ? "" : "-\($0)").html" }
      .first { !FileManager.default.fileExists(atPath: $0) } ?? "report.html"
    do {
      try AtomicFile.check(path)
    } catch {
      throw ValidationError("--report: \(error.message)")
    }
  }
}
