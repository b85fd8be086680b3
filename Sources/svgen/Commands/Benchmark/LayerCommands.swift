import ArgumentParser
import Benchmark
import SparseVideoGen

/// `svgen benchmark linear`.
struct LinearCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "linear", abstract: "Linear layers.")

  @Option(help: "The layers of a model; the other options then do not apply.")
  var preset: BenchmarkPreset?

  @Option(parsing: .unconditional, help: "Rows of the input.")
  var rows = 4096

  @Option(parsing: .unconditional, help: "Inputs of the layer.")
  var inputs = 1024

  @Option(parsing: .unconditional, help: "Outputs of the layer.")
  var outputs = 1024

  @OptionGroup(title: "Machine")
  var machine: MachineOptions

  func run() throws {
    let shapes = preset?.linear ?? [LinearShape(rows: rows, inputs: inputs, outputs: outputs)]
    let benchmark = try LinearBenchmark(shapes)
    try machine.report(benchmark.run)
  }
}

/// `svgen benchmark conv`.
struct ConvolutionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "conv", abstract: "Convolutions over frames, causal in time.")

  @Option(help: "Convolutions of a model's decoder; the other options then do not apply.")
  var preset: BenchmarkPreset?

  @Option(parsing: .unconditional, help: "Channels of the frames.")
  var channels = 64

  @Option(parsing: .unconditional, help: "Channels of the result.")
  var outputs = 64

  @Option(parsing: .unconditional, help: "Frames.")
  var frames = 8

  @Option(parsing: .unconditional, help: "Rows of a frame.")
  var height = 128

  @Option(parsing: .unconditional, help: "Columns of a frame.")
  var width = 128

  @Option(parsing: .unconditional, help: "The kernel's size, in time and in both directions of a frame.")
  var kernel = 3

  @Option(
    help:
      "cpu, or cuda[:0]: our kernel and cuDNN by turns; of the options of the machine only --rounds and --json apply.",
    transform: OptionValue.device)
  var device: GeneratorOptions.Device = .cpu

  @OptionGroup(title: "Machine")
  var machine: MachineOptions

  func run() throws {
    let shape = ConvolutionShape(
      channels: channels, outputs: outputs, frames: frames, height: height, width: width, kernel: kernel)
    if case .cuda(let index) = device {
      let benchmark = try GPUConvolutionBenchmark(preset?.tileConvolutions ?? [shape], rounds: machine.rounds)
      return try benchmark.run(gpu: index) { try write([$0], json: machine.json) }
    }
    let benchmark = try ConvolutionBenchmark(preset?.convolutions ?? [shape])
    try machine.report(benchmark.run)
  }
}
