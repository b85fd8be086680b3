import ArgumentParser
import Foundation
import SparseVideoGen

/// `svgen decode`.
struct Decode: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes a video from saved latents, for example after an interrupted run.",
    discussion: "What the manifest beside the latents says, the model above all, need not be said again.")

  @Argument(
    help: "Latents: a safetensors file with the tensor “latents”, [1, frames, channels, height, width].",
    transform: OptionValue.name)
  var latents: String

  @Option(
    name: .shortAndLong, help: "The video: .mp4, or lossless .y4m. (default: named after the latents)",
    transform: OptionValue.name)
  var output: String?

  @Option(
    parsing: .unconditional, help: "Frames shown in a second. (default: the manifest's)", transform: OptionValue.integer
  )
  var fps: Int?

  @Option(help: "Decode frames in tiles, which takes less memory: auto, on or off.")
  var tiling: TileName?

  @Flag(help: "Do not say in the MP4 file how it was made.")
  var noMetadata = false

  @OptionGroup(title: "Model")
  var model: ModelOptions

  @OptionGroup(title: "Report")
  var report: ReportOptions

  func run() async throws {
    let path = output ?? defaultName
    let output = try VideoOutput(path: path)
    let manifest = try GenerationManifest.read(besides: latents)
    try await output.check()
    let reporter = Reporter(report)
    if let manifest, manifest.completedSteps < manifest.record.steps {
      reporter.note(
        "note: these latents are unfinished, \(manifest.completedSteps) of \(manifest.record.steps) steps are done")
    }
    let source = model.model == nil ? manifest?.source ?? .bundled : model.source
    let generator = try await VideoGenerator(model: source, options: model.options)
    let interrupt = Interrupt()
    let decoding = generator.decode(latentsAt: latents, tiles: tiling?.tiles, framesPerSecond: fps)
    do {
      try await interrupt.cancelable(by: decoding.cancel) {
        for try await event in decoding {
          guard case .finished(let result) = event else {
            try reporter.show(event)
            continue
          }
          let writing = Task { try await result.write(to: path, includesMetadata: !noMetadata) }
          try await interrupt.cancelable(by: { writing.cancel() }) { try await writing.value }
          try reporter.show(event, output: path)
          reporter.result(path)
        }
      }
    } catch {
      reporter.clear()
      throw interrupt.wasRequested ? CancellationError() : error
    }
    if let failure = reporter.outputFailure { throw failure }
  }

  /// `x.mp4` for `x.latents.safetensors`, with a number where that name is taken.
  private var defaultName: String {
    var stem = (latents as NSString).deletingPathExtension
    if stem.hasSuffix(".latents") { stem = String(stem.dropLast(8)) }
    let names = (1...).lazy.map { "\(stem)\($0 == 1 ? "" : "-\($0)").mp4" }
    return names.first { !FileManager.default.fileExists(atPath: $0) } ?? stem + ".mp4"
  }
}
