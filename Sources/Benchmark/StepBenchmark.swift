import Attention
import Checkpoint
import Compute
import Diffusion
import Models
import SparseVideoGen
import Tensor

/// Steps of a model of full width and depth with random weights: from its configurations alone.
///
/// A dense and a sparse step run by turns, with all kinds of numbers, after sparse ones that are not counted. Random weights take the time of trained
/// ones; the patterns that profiling finds, and so the density of the bands, are those of noise.
public struct StepBenchmark: Sendable {
  /// The configurations.
  public let directory: ModelDirectory
  /// The share of query-key pairs that a sparse call computes.
  public let density: Double
  /// What attention multiplies: each is measured.
  public let numbers: [AttentionNumbers]
  /// Frames of the video; the model's own number when `nil`.
  public let frames: Int?
  /// Columns and rows of pixels; the model's own when `nil`.
  public let size: (width: Int, height: Int)?
  /// How often each step is run.
  public let rounds: Int
  /// Whether latents are decoded too.
  public let decodes: Bool

  /// Creates a benchmark.
  /// - Throws: ``BenchmarkError`` for a number of rounds that is not positive and a density that is none.
  public init(
    _ directory: ModelDirectory, density: Double, numbers: [AttentionNumbers] = [.activations], frames: Int?,
    size: (width: Int, height: Int)?, rounds: Int, decodes: Bool
  ) throws(BenchmarkError) {
    try require("--rounds", rounds)
    guard density > 0, density <= 1 else { throw BenchmarkError("--density must lie between 0 and 1, not \(density)") }
    self.directory = directory.withRandomWeights()
    self.density = density
    self.numbers = numbers
    self.frames = frames
    self.size = size
    self.rounds = rounds
    self.decodes = decodes
  }

  /// Loads the networks one after the other and measures.
  /// - Parameter report: Called with each result as soon as it is there.
  /// - Throws: ``BenchmarkError`` for numbers that the device does not attend with, and what the device and the model
  ///   throw.
  public func run(_ options: GeneratorOptions, report: (BenchmarkResult) throws -> Void) throws {
    try options.check()
    let chosen = try options.makeDevice()
    let pipeline = try VideoPipeline(directory: directory, device: chosen.device)
    let model = pipeline.model
    let usual = model.description.defaultSize
    let video = VideoSize(
      width: size?.width ?? usual.width, height: size?.height ?? usual.height, frames: frames ?? usual.frames)
    try model.sizeRule.check(video)
    let limits = chosen.device.headLimits
    for numbers in numbers {
      if let refusal = limits.refusal(of: numbers, dimension: model.description.headDimension) {
        throw BenchmarkError("--attention-dtype \(numbers.rawValue): \(refusal); the device is \(chosen.name)")
      }
    }
    for result in try steps(pipeline, video, chosen.name) { try report(result) }
    chosen.device.trim()
    if decodes { try report(decoding(pipeline, video, chosen.name)) }
  }

  /// What was measured of one kind of step.
  private struct Measured {
    var samples: [Double] = []
    var times: [OperationTimes] = []
    var density = 1.0
  }

  /// A dense and a sparse step with each kind of numbers.
  private func steps(_ pipeline: VideoPipeline, _ video: VideoSize, _ name: String) throws -> [BenchmarkResult] {
    let (model, device) = (pipeline.model, pipeline.device)
    let description = model.description
    let loading = try elapsedSeconds { try model.loadDenoiser(on: device) }
    let tally = PairTally()
    let input = try input(model, video, on: device)
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
      self.results(numbers, dense: measured[0], sparse: measured[1], video, pipeline, name)
    }
    results[0].figures.append(("loading_seconds", loading.seconds))
    return results
  }

  /// The results of a dense and of a sparse step with the same numbers.
  private func results(
    _ numbers: AttentionNumbers, dense: Measured, sparse: Measured, _ video: VideoSize, _ pipeline: VideoPipeline,
    _ name: String
  ) -> [BenchmarkResult] {
    let description = pipeline.model.description
    var results = [("dense", dense), ("svg", sparse)].map { variant, measured in
      var result = result(variant + numbers.suffix, video, Samples(measured.samples), pipeline, name)
      result.density = measured.density
      result.figures += OperationKind.allCases.map { kind in
        ("\(kind.rawValue)_seconds", Samples(measured.times.map { $0[kind] }).median)
      }
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

  /// Random latents become frames.
  private func decoding(_ pipeline: VideoPipeline, _ video: VideoSize, _ name: String) throws -> BenchmarkResult {
    let (model, device) = (pipeline.model, pipeline.device)
    let decoder = try model.loadDecoder(on: device)
    var noise = NormalGenerator(seed: 1)
    let latents = model.decodableLatents(noise.draw(model.latentShape(for: video)), for: video)
    device.resetTimes()
    let run = try elapsedSeconds { try decoder.decode(latents, tiled: true) { _ in } }
    var result = result("decode in tiles", video, Samples([run.seconds]), pipeline, name)
    let times = device.times
    result.figures += OperationKind.allCases.map { ("\($0.rawValue)_seconds", times[$0]) }
    return result
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

  private func result(
    _ variant: String, _ video: VideoSize, _ samples: Samples, _ pipeline: VideoPipeline, _ device: String
  ) -> BenchmarkResult {
    let layout = pipeline.model.layout(for: video)
    var result = BenchmarkResult(
      benchmark: "step", variant: variant,
      shape: [
        ("width", video.width), ("height", video.height), ("frames", video.frames), ("tokens", layout.sequenceLength),
        ("layers", pipeline.model.description.layers),
      ].map { BenchmarkResult.Extent(name: $0.0, value: $0.1) }, samples: samples)
    result.elementType = pipeline.device.activationType.rawValue
    result.instructionSet = device
    if let gpu = pipeline.device as? CUDADevice {
      result.figures.append(("peak_memory_megabytes", Double(gpu.memory.peak) / 1e6))
    }
    return result
  }
}

/// What `body` gives, and the seconds that it took.
private func elapsedSeconds<Result>(_ body: () throws -> Result) rethrows -> (result: Result, seconds: Double) {
  let start = ContinuousClock.now
  let result = try body()
  return (result, (ContinuousClock.now - start) / .seconds(1))
}
