import ArgumentParser
import Benchmark

/// `svgen benchmark attention`.
struct AttentionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attention", abstract: "Softmax attention, dense and within bands.")

  @OptionGroup(title: "Shape")
  var shape: AttentionShapeOptions

  @Option(
    parsing: .unconditionalSingleValue,
    help: "The share of query-key pairs to compute; 1 is dense. May be given more than once. (default: 1 and 0.3)")
  var density: [Double] = []

  @OptionGroup(title: "Machine")
  var machine: MachineOptions

  func run() throws {
    let benchmark = try AttentionBenchmark(shape.shape, densities: density.isEmpty ? [1, 0.3] : density)
    try machine.report(benchmark.run)
  }
}

/// `svgen benchmark prepare`.
struct PrepareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prepare", abstract: "QK-norm, rotary embedding, placement and packing, in one pass.")

  @OptionGroup(title: "Shape")
  var shape: AttentionShapeOptions

  @OptionGroup(title: "Machine")
  var machine: MachineOptions

  func run() throws {
    let benchmark = try PrepareBenchmark(shape.shape)
    try machine.report(benchmark.run)
  }
}

/// `svgen benchmark profile`.
struct ProfileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile", abstract: "Online profiling, as a share of dense attention.")

  @OptionGroup(title: "Shape")
  var shape: AttentionShapeOptions

  @Option(parsing: .unconditional, help: "Sampled query rows.")
  var profileRows = 64

  @Option(parsing: .unconditional, help: "The density of the bands.")
  var density = 0.3

  @OptionGroup(title: "Machine")
  var machine: MachineOptions

  func run() throws {
    let benchmark = try ProfileBenchmark(shape.shape, rows: profileRows, density: density)
    try machine.report(benchmark.run)
  }
}
