import ArgumentParser
import Benchmark
import Compute
import SparseVideoGen

extension InstructionSet: ExpressibleByArgument {}
extension BenchmarkPreset: ExpressibleByArgument {}

/// What a benchmark runs on, and how it reports.
struct MachineOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: "Threads of the processor. (default: all)", transform: OptionValue.integer)
  var threads: Int?

  @Option(help: "The instruction set of the kernels. (default: the best one)")
  var isa: InstructionSet?

  @Option(help: "What numbers are held in: auto is the type that the instruction set multiplies. (default: auto)")
  var dtype: GeneratorOptions.Numbers?

  @Option(parsing: .unconditional, help: "Measured rounds.")
  var rounds = 7

  @Flag(help: "Write one JSON object a line.")
  var json = false

  /// Runs a benchmark and writes its results.
  func report(_ run: (BenchmarkMachine) throws -> [BenchmarkResult]) throws {
    let machine = try BenchmarkMachine(
      threads: threads, instructionSet: isa, elementType: dtype?.elementType, rounds: rounds)
    if !json { StandardError.write(machine.summary + "\n") }
    try write(run(machine), json: json)
  }
}

/// Writes results to standard output.
func write(_ results: [BenchmarkResult], json: Bool) throws {
  for result in results {
    if let scaling = result.scaling, !json { StandardError.write("scaled: \(scaling)\n") }
    try StandardOutput.write((json ? try result.json() : result.line) + "\n")
  }
}
