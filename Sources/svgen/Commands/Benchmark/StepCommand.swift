import ArgumentParser
import Benchmark

/// `svgen benchmark step`.
struct StepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step",
    abstract: "A dense and a sparse step of a model with random weights: only its configurations are read.")

  @OptionGroup
  var options: RandomModelOptions

  @Option(parsing: .unconditional, help: "The share of query-key pairs that a sparse call computes.")
  var density = 0.3

  func run() throws {
    let benchmark = try StepBenchmark(options.randomModel, density: density, rounds: options.rounds)
    try write(benchmark.run(options.model.options), json: options.json)
  }
}
