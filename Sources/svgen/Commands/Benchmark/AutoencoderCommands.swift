import ArgumentParser
import Benchmark
import SparseVideoGen

/// `svgen benchmark decode`.
struct DecodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode",
    abstract: "The decoder of a model with random weights: seconds, and memory beside what svgen plan says.",
    discussion: AutoencoderOptions.discussion)

  @OptionGroup
  var options: AutoencoderOptions

  func run() throws { try options.measure(.decoder) }
}

/// `svgen benchmark encode`.
struct EncodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encode",
    abstract: "The encoder of the image of an image-to-video model with random weights, beside what svgen plan says.",
    discussion: AutoencoderOptions.discussion)

  @OptionGroup
  var options: AutoencoderOptions

  func run() throws { try options.measure(.imageEncoder) }
}

/// What part of an autoencoder is measured with, and how.
struct AutoencoderOptions: ParsableArguments {
  static let discussion =
    "Only the model's configurations are read. How far it is, and the memory so far, go to standard error."

  @OptionGroup
  var model: RandomModelOptions

  @Option(help: "Work on frames in tiles, which takes less memory: auto, on or off.")
  var tiling: TileName = .auto

  /// Measures a part and writes the result.
  func measure(_ part: AutoencoderBenchmark.Part) throws {
    let benchmark = try AutoencoderBenchmark(part, of: model.randomModel, tiles: tiling.tiles, rounds: model.rounds)
    let display = ProgressDisplay()
    defer { display.clear() }
    // Decoding may take longer than the time that a machine is lent: then the last line is all that is known.
    var pace = Pace(part == .decoder ? "decoding" : "encoding", milestones: 50)
    let result = try benchmark.run(model.model.options) { progress in
      let memory = progress.peakMemory.map { "at most \(Figure.bytes($0)) of memory" }
      display.show(pace.line(at: progress.fraction, detail: memory ?? ""))
    }
    display.clear()
    try write([result], json: model.json)
  }
}
