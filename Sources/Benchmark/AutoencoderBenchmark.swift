import Compute
import Diffusion
import Models
import SparseVideoGen
import Tensor

/// The decoder, or the encoder of an image, alone and with random weights: seconds, and memory beside what a plan says.
///
/// Nothing else was loaded before, so that the peak of the process, or of the GPU, is that of the phase.
public struct AutoencoderBenchmark: Sendable {
  /// What runs.
  public enum Part: Sendable {
    /// Latents become frames.
    case decoder
    /// The image that a video begins with becomes latents.
    case imageEncoder
  }

  /// How far the work is.
  public struct Progress: Sendable {
    /// From 0 to 1.
    public let fraction: Double
    /// The most memory that has been held so far, in bytes; `nil` where the system does not say.
    public let peakMemory: Int?
  }

  private let part: Part
  private let model: RandomModel
  private let tiles: DecodingTiles
  private let rounds: Int

  /// Creates a benchmark.
  /// - Throws: ``BenchmarkError`` for a number of rounds that is not positive.
  public init(_ part: Part, of model: RandomModel, tiles: DecodingTiles, rounds: Int) throws(BenchmarkError) {
    try require("--rounds", rounds)
    self.part = part
    self.model = model
    self.tiles = tiles
    self.rounds = rounds
  }

  /// Loads the network and measures.
  /// - Parameter progress: Called at the beginning and when a part of a round is done.
  /// - Throws: ``BenchmarkError`` for an image encoder of a model that takes no image; what the device and the model throw.
  public func run(_ options: GeneratorOptions, progress: (Progress) -> Void) throws -> BenchmarkResult {
    let prepared = try model.prepared(options)
    let planner = prepared.planner
    let tiled = planner.decodesInTiles(tiles, size: prepared.video)
    let (work, loadingSeconds) = try elapsedSeconds { try makeWork(prepared, tiled: tiled) }
    prepared.device.trim()
    func report(_ fraction: Double) {
      progress(Progress(fraction: fraction, peakMemory: planner.chosen.peakMemory))
    }
    report(0)
    var samples = Samples()
    var times: [OperationTimes] = []
    for round in 0..<rounds {
      prepared.device.resetTimes()
      samples.append(try elapsed { try work { report((Double(round) + $0) / Double(rounds)) } })
      times.append(prepared.device.times)
    }
    var result = prepared.result(
      part == .decoder ? "decode" : "encode", tiled ? "in tiles" : "whole frames", samples)
    result.figures = [("loading_seconds", loadingSeconds)]
    result.addMedians(of: times)
    if let peak = planner.chosen.peakMemory { result.figures.append(("peak_memory_megabytes", Double(peak) / 1e6)) }
    let plan = planner.memory(size: prepared.video, tiled: tiled)
    if let phase = plan.phases.first(where: { $0.name == (part == .decoder ? "decoding" : "image") }) {
      result.figures.append(("planned_memory_megabytes", Double(phase.total) / 1e6))
    }
    return result
  }

  /// One round, with random numbers in the place of latents or of a picture.
  private func makeWork(
    _ prepared: PreparedModel, tiled: Bool
  ) throws -> (_ progress: (Double) -> Void) throws -> Void {
    let (model, video) = (prepared.model, prepared.video)
    var noise = NormalGenerator(seed: 1)
    switch part {
    case .decoder:
      let latents = model.decodableLatents(noise.draw(model.latentShape(for: video)), for: video)
      let decoder = try model.loadDecoder(on: prepared.device)
      return { progress in _ = try decoder.decode(latents, tiled: tiled, progress: progress) }
    case .imageEncoder:
      guard let conditioning = model.imageConditioning else {
        throw BenchmarkError(
          "--model: it makes videos from text alone, without an encoder: choose an image-to-video model")
      }
      let values = noise.draw([video.height, video.width, 3]).floats().map { min(max(0.5 + 0.2 * $0, 0), 1) }
      let image = Tensor(values, shape: [video.height, video.width, 3])
      let encoder = try conditioning.loadImageEncoder(on: prepared.device)
      return { progress in
        _ = try encoder.encode(image, tiled: tiled)
        progress(1)
      }
    }
  }
}
