import Attention
import Compute
import Diffusion
import Models
import SparseVideoGen
import Tensor

/// Steps of a model of full width and depth with random weights: from its configurations alone.
///
/// A dense and a sparse step run by turns, with each kind of numbers, after sparse ones that are not counted. The patterns
/// that profiling finds, and so the density of the bands, are those of noise.
public struct StepBenchmark: Sendable {
  private let model: RandomModel
  private let density: Double
  private let numbers: [AttentionNumbers]
  private let rounds: Int

  /// Creates a benchmark.
  /// - Parameters:
  ///   - density: The share of query-key pairs that a sparse call computes.
  ///   - numbers: What attention multiplies: each kind is measured.
  ///   - rounds: How often each step is run.
  /// - Throws: ``BenchmarkError`` for a number of rounds that is not positive and a density that is none.
  public init(
    _ model: RandomModel, density: Double, numbers: [AttentionNumbers] = [.activations], rounds: Int
  ) throws(BenchmarkError) {
    try require("--rounds", rounds)
    guard density > 0, density <= 1 else { throw BenchmarkError("--density must lie between 0 and 1, not \(density)") }
    self.model = model
    self.density = density
    self.numbers = numbers
    self.rounds = rounds
  }

  /// Loads the transformer and measures.
  /// - Returns: For each kind of numbers the dense step, then the sparse one.
  /// - Throws: ``BenchmarkError`` for numbers that the device does not attend with, and what the device and the model
  ///   throw.
  public func run(_ options: GeneratorOptions) throws -> [BenchmarkResult] {
    let prepared = try model.prepared(options)
    _ = try prepared.planner.layout(for: prepared.video)
    let (model, device) = (prepared.model, prepared.device)
    let description = model.description
    for numbers in numbers {
      if let refusal = device.headLimits.refusal(of: numbers, dimension: description.headDimension) {
        throw BenchmarkError(
          "--attention-dtype \(numbers.rawValue): \(refusal); the device is \(prepared.planner.chosen.name)")
      }
    }
    let loading = try elapsedSeconds { try model.loadDenoiser(on: device) }
    let tally = PairTally()
    let input = try input(model, prepared.video, on: device)
    func run(_ numbers: AttentionNumbers, _ step: Int, into measured: inout Measured) throws {
      let attention = SparseVideoGenAttention(
        device: device, settings: SparseVideoGenSettings(bandWidth: .density(density)),
        schedule: AttentionSchedule(
          steps: 2, layers: description.layers, denseSteps: .count(1), denseLayers: .fraction(0.03)),
        numbers: numbers, listener: tally.add)
      device.resetTimes()
      let run = try elapsedSeconds {
        try loading.result.predict(input, attention: attention, step: step, sample: 0)
      }
      measured.times.append(device.times)
      measured.samples.append(run.seconds)
      measured.density = try tally.takeDensity()
    }
    for numbers in numbers {
      var discarded = Measured()
      try run(numbers, 1, into: &discarded)
    }
    var measured = [[Measured]](repeating: [Measured(), Measured()], count: numbers.count)
    for _ in 0..<rounds {
      for (index, numbers) in numbers.enumerated() {
        for step in [0, 1] { try run(numbers, step, into: &measured[index][step]) }
      }
    }
    var results = zip(numbers, measured).flatMap { numbers, measured in
      self.results(numbers, dense: measured[0], sparse: measured[1], prepared)
    }
    results[0].figures.append(("loading_seconds", loading.seconds))
    return results
  }

  /// What was measured of one kind of step.
  private struct Measured {
    var samples: [Double] = []
    var times: [OperationTimes] = []
    var density = 1.0
  }

  /// The results of a dense and of a sparse step with the same numbers.
  private func results(
    _ numbers: AttentionNumbers, dense: Measured, sparse: Measured, _ prepared: PreparedModel
  ) -> [BenchmarkResult] {
    let description = prepared.model.description
    let shape = [("tokens", prepared.model.layout(for: prepared.video).sequenceLength), ("layers", description.layers)]
    var results = [("dense", dense), ("svg", sparse)].map { variant, measured in
      var result = prepared.result("step", variant + numbers.suffix, shape: shape, Samples(measured.samples))
      result.density = measured.density
      if let gpu = prepared.device as? CUDADevice {
        result.figures.append(("peak_memory_megabytes", Double(gpu.memory.peak) / 1e6))
      }
      result.addMedians(of: measured.times)
      return result
    }
    // The schedule of the paper: a quarter of the steps is dense.
    let denseSteps = Share.fraction(0.25).resolved(of: description.defaultSteps)
    let runs = Double(description.guidanceKind == .classifierFree ? 2 : 1)
    let (denseSeconds, sparseSeconds) = (results[0].samples.median, results[1].samples.median)
    results[1].figures += [
      (
        "seconds_of_\(description.defaultSteps)_steps",
        runs * (Double(denseSteps) * denseSeconds + Double(description.defaultSteps - denseSteps) * sparseSeconds)
      ),
      ("speedup_of_step", denseSeconds / sparseSeconds),
    ]
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
