import ArgumentParser
import Benchmark
import SparseVideoGen

/// `svgen benchmark step`.
struct StepCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step",
    abstract: "A dense and a sparse step of a model with random weights: only its configurations are read.")

  @OptionGroup(title: "Model")
  var model: ModelOptions

  @Option(parsing: .unconditional, help: "The share of query-key pairs that a sparse call computes.")
  var density = 0.3

  @Option(
    help: "What attention multiplies, or several, measured by turns: auto,fp8.",
    transform: OptionList.parse(OptionValue.attentionNumbers))
  var attentionDtype: [AttentionNumbers] = [.activations]

  @Option(parsing: .unconditional, help: "Columns of pixels. (default: the model's)")
  var width: Int?

  @Option(parsing: .unconditional, help: "Rows of pixels. (default: the model's)")
  var height: Int?

  @Option(parsing: .unconditional, help: "Frames. (default: the model's)")
  var frames: Int?

  @Option(parsing: .unconditional, help: "Measured rounds.")
  var rounds = 1

  @Flag(help: "Decode too, in tiles.")
  var decode = false

  @Flag(help: "Write one JSON object a line.")
  var json = false

  func run() async throws {
    let size = try size
    let benchmark = try StepBenchmark(
      model.source.directory(), density: density, numbers: attentionDtype, frames: frames, size: size, rounds: rounds,
      decodes: decode)
    try benchmark.run(model.options) { try write([$0], json: json) }
  }

  private var size: (width: Int, height: Int)? {
    get throws {
      guard width != nil || height != nil else { return nil }
      guard let width, let height else { throw ValidationError("--width and --height belong together") }
      return (width, height)
    }
  }
}
