import ArgumentParser
import Benchmark
import SparseVideoGen

/// `svgen benchmark step`.
struct StepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step",
    abstract: "A dense and a sparse step of a model with random weights: only its configurations are read.")

  @OptionGroup
  var options: RandomModelOptions

  @Option(parsing: .unconditional, help: "The share of query-key pairs that a sparse call computes.")
  var density = 0.3

  @Option(
    help: "What attention multiplies, or several, measured by turns: auto,fp8.",
    transform: OptionList.parse(OptionValue.attentionNumbers))
  var attentionDtype: [AttentionNumbers] = [.activations]

  func run() throws {
    let benchmark = try StepBenchmark(
      options.randomModel, density: density, numbers: attentionDtype, rounds: options.rounds)
    try write(benchmark.run(options.model.options), json: options.json)
  }
}
