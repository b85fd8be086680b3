import ArgumentParser
import Benchmark
import SparseVideoGen

/// `svgen benchmark decode`.
struct DecodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode",
    abstract: "The decoder of a model with random weights: seconds, and memory beside what svgen plan says.",
    discussion: "Only the model's configurations are read. How far it is, and the memory so far, go to standard error.")

  @OptionGroup
  var options: RandomModelOptions

  @Option(help: "Decode frames in tiles, which takes less memory: auto, on or off.")
  var tiling: TileName = .auto

  func run() throws { try measure(.decoder, options, tiling) }
}

/// `svgen benchmark encode`.
struct EncodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encode",
    abstract: "The encoder of the image of an image-to-video model with random weights, beside what svgen plan says.",
    discussion: "Only the model's configurations are read. How far it is, and the memory so far, go to standard error.")

  @OptionGroup
  var options: RandomModelOptions

  @Option(help: "Encode the image in tiles, which takes less memory: auto, on or off.")
  var tiling: TileName = .auto

  func run() throws { try measure(.imageEncoder, options, tiling) }
}

/// Measures a part of an autoencoder and writes the result.
private func measure(_ part: AutoencoderBenchmark.Part, _ options: RandomModelOptions, _ tiling: TileName) throws {
  let benchmark = try AutoencoderBenchmark(
    part, of: options.randomModel, tiles: tiling.tiles, rounds: options.rounds)
  let display = ProgressDisplay()
  defer { display.clear() }
  // Decoding may take longer than the time that a machine is lent: then the last line is all that is known.
  var pace = Pace(part == .decoder ? "decoding" : "encoding", milestones: 50)
  let result = try benchmark.run(options.model.options) { progress in
    let memory = progress.peakMemory.map { "at most \(Figure.bytes($0)) of memory" }
    display.show(pace.line(at: progress.fraction, detail: memory ?? ""))
  }
  display.clear()
  try write([result], json: options.json)
}
