import ArgumentParser
import Benchmark
import SparseVideoGen

/// `svgen benchmark linear`.
struct LinearCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "linear", abstract: "Linear layers.")

  @Option(help: "The layers of a model, in place of one of a given shape.")
  var preset: BenchmarkPreset?

  @Option(
    parsing: .unconditional, help: "Rows of the input. (default: \(Self.usual.rows))", transform: OptionValue.integer)
  var rows: Int?

  @Option(
    parsing: .unconditional, help: "Inputs of the layer. (default: \(Self.usual.inputs))",
    transform: OptionValue.integer)
  var inputs: Int?

  @Option(
    parsing: .unconditional, help: "Outputs of the layer. (default: \(Self.usual.outputs))",
    transform: OptionValue.integer)
  var outputs: Int?

  @OptionGroup(title: "Machine")
  var machine: MachineOptions

  private static let usual = LinearShape(rows: 4096, inputs: 1024, outputs: 1024)

  func run() throws {
    if preset != nil {
      try IdleOptions.refuse(["--rows": rows, "--inputs": inputs, "--outputs": outputs], with: "--preset")
    }
    let usual = Self.usual
    let shape = LinearShape(
      rows: rows ?? usual.rows, inputs: inputs ?? usual.inputs, outputs: outputs ?? usual.outputs)
    let benchmark = try LinearBenchmark(preset?.linear ?? [shape])
    try machine.report(benchmark.run)
  }
}

/// `svgen benchmark conv`.
struct ConvolutionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "conv", abstract: "Convolutions over frames, causal in time.")

  @Option(help: "Convolutions of a model's decoder, in place of one of a given shape.")
  var preset: BenchmarkPreset?

  @Option(
    parsing: .unconditional, help: "Channels of the frames. (default: \(Self.usual.channels))",
    transform: OptionValue.integer)
  var channels: Int?

  @Option(
    parsing: .unconditional, help: "Channels of the result. (default: \(Self.usual.outputs))",
    transform: OptionValue.integer)
  var outputs: Int?

  @Option(parsing: .unconditional, help: "Frames. (default: \(Self.usual.frames))", transform: OptionValue.integer)
  var frames: Int?

  @Option(
    parsing: .unconditional, help: "Rows of a frame. (default: \(Self.usual.height))", transform: OptionValue.integer)
  var height: Int?

  @Option(
    parsing: .unconditional, help: "Columns of a frame. (default: \(Self.usual.width))", transform: OptionValue.integer)
  var width: Int?

  @Option(
    parsing: .unconditional,
    help: "The kernel's size, in time and in both directions of a frame. (default: \(Self.usual.kernel))",
    transform: OptionValue.integer)
  var kernel: Int?

  @Option(
    help: "cpu, or cuda[:0]: our kernel and cuDNN by turns.",
    transform: OptionValue.device)
  var device: GeneratorOptions.Device = .cpu

  @OptionGroup(title: "Machine")
  var machine: MachineOptions

  private static let usual = ConvolutionShape(
    channels: 64, outputs: 64, frames: 8, height: 128, width: 128, kernel: 3)

  func run() throws {
    if preset != nil {
      try IdleOptions.refuse(
        [
          "--channels": channels, "--outputs": outputs, "--frames": frames, "--height": height, "--width": width,
          "--kernel": kernel,
        ], with: "--preset")
    }
    let usual = Self.usual
    let shape = ConvolutionShape(
      channels: channels ?? usual.channels, outputs: outputs ?? usual.outputs, frames: frames ?? usual.frames,
      height: height ?? usual.height, width: width ?? usual.width, kernel: kernel ?? usual.kernel)
    if case .cuda(let index) = device {
      try IdleOptions.refuse(
        ["--threads": machine.threads, "--isa": machine.isa, "--dtype": machine.dtype], with: "--device cuda")
      let benchmark = try GPUConvolutionBenchmark(preset?.tileConvolutions ?? [shape], rounds: machine.rounds)
      return try benchmark.run(gpu: index) { try write([$0], json: machine.json) }
    }
    let benchmark = try ConvolutionBenchmark(preset?.convolutions ?? [shape])
    try machine.report(benchmark.run)
  }
}
