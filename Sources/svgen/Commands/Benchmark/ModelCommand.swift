import ArgumentParser
import Benchmark
import SparseVideoGen

/// `svgen benchmark model`.
struct ModelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Whole videos: where the time goes, dense and sparse.")

  @OptionGroup(title: "Model")
  var model: ModelOptions

  @Option(help: "svg, dense, spatial or temporal; may be given more than once. (default: svg and dense)")
  var attention: [AttentionName] = []

  @Option(parsing: .unconditional, help: "The share of query-key pairs that a sparse call computes.")
  var density = 0.3

  @Option(
    help: "What attention multiplies, or several, measured by turns: auto,fp8.",
    transform: OptionList.parse(OptionValue.attentionNumbers))
  var attentionDtype: [AttentionNumbers] = [.activations]

  @Option(parsing: .unconditional, help: "Denoising steps. (default: the model's)")
  var steps: Int?

  @OptionGroup(title: "Video")
  var size: SizeOptions

  @Option(help: "What the video shows.")
  var prompt = "a large yellow circle moving right on a dark blue background"

  @Option(parsing: .unconditional, help: "Measured rounds.")
  var rounds = 1

  @Flag(help: "Write one JSON object a line.")
  var json = false

  func run() async throws {
    let requests = attentionDtype.flatMap { numbers in
      (attention.isEmpty ? [.svg, .dense] : attention).map { name in
        GenerationRequest(
          prompt: prompt, width: size.width, height: size.height, frames: size.frames, steps: steps,
          attention: name.choice.map {
            .sparse(SparseVideoGenSettings(patternChoice: $0, bandWidth: .density(density)))
          } ?? .dense, attentionNumbers: numbers)
      }
    }
    let benchmark = try ModelBenchmark(requests, rounds: rounds)
    let generator = try await model.generator
    try write(try await benchmark.run(generator), json: json)
  }
}
