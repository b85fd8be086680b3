import Attention
import Compute
import Diffusion
import Models
import SparseVideoGen
import Tensor

/// Steps of a model of full width and depth with random weights: from its configurations alone.
///
/// A dense and a sparse step run by turns, after a sparse one that is not counted. The patterns that profiling finds, and so
/// the density of the bands, are those of noise.
public struct StepBenchmark: Sendable {
  private let model: RandomModel
  private let density: Double
  private let rounds: Int

  /// Creates a benchmark.
  /// - Parameters:
  ///   - density: The share of query-key pairs that a sparse call computes.
  ///   - rounds: How often each step is run.
  /// - Throws: ``BenchmarkError`` for a number of rounds that is not positive and a density that is none.
  public init(_ model: RandomModel, density: Double, rounds: Int) throws(BenchmarkError) {
    try require("--rounds", rounds)
    guard density > 0, density <= 1 else { throw BenchmarkError("--density must lie between 0 and 1, not \(density)") }
    self.model = model
    self.density = density
    self.rounds = rounds
  }

  /// Loads the transformer and measures.
  /// - Returns: The dense step, then the sparse one.
  /// - Throws: What the device and the model throw.
  public func run(_ options: GeneratorOptions) throws -> [BenchmarkResult] {
    let prepared = try model.prepared(options)
    let (model, device) = (prepared.model, prepared.device)
    let description = model.description
    let loading = try elapsedSeconds { try model.loadDenoiser(on: device) }
    let tally = PairTally()
    let attention = SparseVideoGenAttention(
      device: device, settings: SparseVideoGenSettings(bandWidth: .density(density)),
      schedule: AttentionSchedule(
        steps: 2, layers: description.layers, denseSteps: .count(1), denseLayers: .fraction(0.03)),
      listener: tally.add)
    let input = try input(model, prepared.video, on: device)
    var times = [[OperationTimes]](repeating: [], count: 2)
    var samples = [[Double]](repeating: [], count: 2)
    var densities = [1.0, 1.0]
    func run(_ step: Int) throws {
      device.resetTimes()
      let run = try elapsedSeconds {
        try loading.result.predict(input, attention: attention, step: step, sample: 0)
      }
      times[step].append(device.times)
      samples[step].append(run.seconds)
      densities[step] = try tally.takeDensity()
    }
    try run(1)
    (times, samples) = ([[], []], [[], []])
    for _ in 0..<rounds {
      for step in [0, 1] { try run(step) }
    }
    let shape = [("tokens", model.layout(for: prepared.video).sequenceLength), ("layers", description.layers)]
    var results = [0, 1].map { step in
      var result = prepared.result(
        "step", step == 0 ? "dense" : "svg", shape: shape, Samples(samples[step]))
      result.density = densities[step]
      if let gpu = device as? CUDADevice {
        result.figures.append(("peak_memory_megabytes", Double(gpu.memory.peak) / 1e6))
      }
      result.figures += OperationKind.allCases.map { kind in
        ("\(kind.rawValue)_seconds", Samples(times[step].map { $0[kind] }).median)
      }
      return result
    }
    results[0].figures.append(("loading_seconds", loading.seconds))
    // The schedule of the paper: a quarter of the steps is dense.
    let denseSteps = Share.fraction(0.25).resolved(of: description.defaultSteps)
    let runs = Double(description.guidanceKind == .classifierFree ? 2 : 1)
    results[1].figures.append(
      (
        "seconds_of_\(description.defaultSteps)_steps",
        runs
          * (Double(denseSteps) * results[0].samples.median
            + Double(description.defaultSteps - denseSteps) * results[1].samples.median)
      ))
    results[1].figures.append(("speedup_of_step", results[0].samples.median / results[1].samples.median))
    return results
  }

  /// Noise in the place of latents, prompt and image.
  private func input(_ model: any VideoModel, _ video: VideoSize, on device: any ComputeDevice) throws -> DenoiserInput
  {
    var noise = NormalGenerator(seed: 0)
    let latents = noise.draw(model.latentShape(for: video))
    let condition = model.conditionShape
    let states = noise.draw([condition.tokens, condition.width])
    let text = TextCondition(
      states: try device.upload(states, as: device.activationType),
      pooled: try condition.pooledWidth.map { try device.upload(noise.draw([$0]), as: device.activationType) },
      validTokens: condition.tokens)
    return DenoiserInput(
      latents: latents, timestep: 500, text: text, guidance: model.description.guidanceKind == .embedded ? 6 : nil,
      image: model.imageConditioning == nil ? nil : noise.draw(latents.shape))
  }
}
