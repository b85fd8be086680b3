import Attention
import Compute
import Diffusion
import Models
import SparseVideoGen
import Tensor

/// Steps of a model of full width and depth with random weights: from its configurations alone.
///
/// A step is all that lies between two latents: a pass of the transformer, or two where guidance takes them, and the
/// scheduler. A dense and a sparse one run by turns, with each kind of numbers, after sparse ones that are not counted.
/// The patterns that profiling finds, and so the density of the bands, are those of noise.
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
    let start = try start(prepared, with: loading.result)
    func run(_ attention: any AttentionMechanism, into measured: inout Measured) throws {
      var loop = start.continued(with: attention)
      device.resetTimes()
      let before = (device as? CUDADevice)?.activity
      measured.samples.append(try elapsedSeconds { try loop.advance() }.seconds)
      if let before, let after = (device as? CUDADevice)?.activity { measured.activity.append(after - before) }
      measured.times.append(device.times)
      measured.density = try tally.takeDensity()
    }
    let mechanisms = numbers.map { numbers -> [any AttentionMechanism] in
      [
        DenseAttention(device: device, numbers: numbers, listener: tally.add),
        SparseVideoGenAttention(
          device: device, settings: SparseVideoGenSettings(bandWidth: .density(density)),
          schedule: AttentionSchedule(
            steps: start.steps, layers: description.layers, denseSteps: .count(0), denseLayers: .fraction(0.03)),
          numbers: numbers, listener: tally.add),
      ]
    }
    for mechanism in mechanisms {
      var discarded = Measured()
      try run(mechanism[1], into: &discarded)
    }
    var measured = [[Measured]](repeating: [Measured(), Measured()], count: numbers.count)
    for _ in 0..<rounds {
      for (index, mechanisms) in mechanisms.enumerated() {
        for (variant, mechanism) in mechanisms.enumerated() { try run(mechanism, into: &measured[index][variant]) }
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
    /// What a GPU was asked; empty on the processor.
    var activity: [CUDAActivity] = []
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
      result.addMedians(of: measured.activity)
      return result
    }
    // The schedule of the paper: a quarter of the steps is dense.
    let denseSteps = Share.fraction(0.25).resolved(of: description.defaultSteps)
    let (denseSeconds, sparseSeconds) = (results[0].samples.median, results[1].samples.median)
    results[1].figures += [
      (
        "seconds_of_\(description.defaultSteps)_steps",
        Double(denseSteps) * denseSeconds + Double(description.defaultSteps - denseSteps) * sparseSeconds
      ),
      ("speedup_of_step", denseSeconds / sparseSeconds),
    ]
    return results
  }

  /// A run with noise in the place of prompt and image, before its first step.
  private func start(_ prepared: PreparedModel, with denoiser: any Denoiser) throws -> DenoisingLoop {
    let (model, device) = (prepared.model, prepared.device)
    var noise = NormalGenerator(seed: 0)
    let shape = model.conditionShape
    let states = noise.draw([shape.tokens, shape.width])
    let prompt = TextCondition(
      states: try device.upload(states, as: device.activationType),
      pooled: try shape.pooledWidth.map { try device.upload(noise.draw([$0]), as: device.activationType) },
      validTokens: shape.tokens)
    let guidance = prepared.planner.guidance(GenerationRequest(prompt: ""))
    let image = model.imageConditioning.map { _ in
      let latents = model.latentShape(for: prepared.video)
      let mean = noise.draw([1, 1, latents[2], latents[3], latents[4]])
      return ImagePosterior(mean: mean, deviation: noise.draw(mean.shape))
    }
    return try prepared.planner.pipeline.denoising(
      with: denoiser,
      conditions: DenoisingLoop.Conditions(prompt: prompt, negative: guidance.isOn ? prompt : nil, image: image),
      size: prepared.video, steps: model.description.defaultSteps, guidance: guidance, seed: 0,
      attention: DenseAttention(device: device))
  }
}
