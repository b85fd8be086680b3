import Attention
import Checkpoint
import Compute
import Models
import Synchronization
import Tensor
import TestSupport
import Testing

@testable import Diffusion

/// In which order a step asks, and what a step that fails leaves.
@Suite struct DenoisingLoopTests {
  /// Makes a loop of a denoiser without a network.
  private func loop(_ denoiser: any Denoiser, _ scheduler: any Scheduler, guided: Bool = true) -> DenoisingLoop {
    let text = TextCondition(states: Tensor([Float(0)], shape: [1, 1]), validTokens: 1)
    return DenoisingLoop(
      denoiser: denoiser, scheduler: scheduler,
      conditions: .init(prompt: text, negative: guided ? text : nil), guidance: Guidance(scale: guided ? 6 : 1),
      shape: [1, 2, 1, 4, 4], seed: 1, attention: DenseAttention(device: ReferenceDevice()))
  }

  @Test(arguments: [true, false])
  func `a step waits only when the device has all of it, and draws its noise before`(guided: Bool) throws {
    let log = Log()
    var loop = loop(LoggingDenoiser(log: log), LoggingScheduler(log: log), guided: guided)
    try loop.advance()
    let passes = guided ? [0, 1] : [0]
    #expect(log.entries == passes.map { "give \($0)" } + ["draw"] + passes.map { "read \($0)" } + ["step"])
  }

  @Test(arguments: SchedulerConfiguration.Method.allCases)
  func `a step whose prediction does not arrive can be taken again`(method: SchedulerConfiguration.Method) throws {
    let scheduler = try SchedulerConfiguration(method: method).makeScheduler(steps: 4)
    let log = Log()
    var (whole, broken) = (loop(LoggingDenoiser(log: log), scheduler), loop(LoggingDenoiser(log: log), scheduler))
    while !whole.isFinished { try whole.advance() }
    for step in 0..<4 {
      let before = broken.latents.floats()
      log.failsToRead = true
      #expect(throws: LostPrediction.self) { try broken.advance() }
      #expect(broken.nextStep == step && broken.latents.floats() == before)
      log.failsToRead = false
      try broken.advance()
    }
    #expect(broken.latents.floats() == whole.latents.floats())
  }

  @Test func `a prediction that is not finite is an error wherever it is so`() throws {
    let scheduler = try SchedulerConfiguration(method: .ddim).makeScheduler(steps: 2)
    for (index, value) in [(0, Float.infinity), (31, -.infinity), (17, .nan), (16, -.nan)] {
      var loop = loop(LoggingDenoiser(log: Log(), spoiled: (index, value)), scheduler, guided: false)
      let error = #expect(throws: ModelError.self) { try loop.advance() }
      #expect(error?.code == .notFinite && loop.nextStep == 0)
    }
  }

  @Test(arguments: ["cogvideox-1.5", "hunyuan-video"])
  func `the processor waits for a GPU once for each pass of a step, to read it`(model: String) throws {
    let device = try CUDADevice.emulated()
    let pipeline = try VideoPipeline(directory: ModelDirectory(Fixtures.model(model)), device: device)
    var noise = NormalGenerator(seed: 0)
    let shape = pipeline.model.conditionShape
    let text = TextCondition(
      states: try device.upload(noise.draw([12, shape.width]), as: .bfloat16),
      pooled: try shape.pooledWidth.map { try device.upload(noise.draw([$0]), as: .bfloat16) }, validTokens: 9)
    let settings = SparseVideoGenSettings(denseSteps: .count(0), denseLayers: .count(0))
    let isEmbedded = pipeline.model.description.guidanceKind == .embedded
    let traces = Mutex<[PendingHeadTrace]>([])
    var loop = try pipeline.denoising(
      with: pipeline.model.loadDenoiser(on: device),
      conditions: .init(prompt: text, negative: isEmbedded ? nil : text),
      size: VideoSize(width: 32, height: 32, frames: 9), steps: 2,
      guidance: Guidance(scale: isEmbedded ? 1 : 6, embedded: isEmbedded ? 6 : nil), seed: 0,
      attention: SparseVideoGenAttention(
        device: device, settings: settings,
        schedule: AttentionSchedule(
          steps: 2, layers: pipeline.model.description.layers, denseSteps: .count(0), denseLayers: .count(0)),
        listener: { trace in traces.withLock { $0.append(trace) } }))
    while !loop.isFinished {
      let before = device.activity
      try loop.advance()
      let step = device.activity - before
      #expect(step.waits == (isEmbedded ? 1 : 2))
      #expect(step.launches > 20 && step.waitingSeconds >= 0)
    }
    // What profiling found is read afterwards, and that waits: else nothing above was sparse.
    let before = device.activity
    #expect(try traces.withLock { try $0.map { try $0.resolved() } }.allSatisfy { $0.errors != nil })
    #expect(device.activity.waits > before.waits)
  }
}

private struct LostPrediction: Error {}

/// What happened, and whether predictions get lost.
private final class Log: Sendable {
  private let state = Mutex((entries: [String](), failsToRead: false))

  var entries: [String] { state.withLock { $0.entries } }

  var failsToRead: Bool {
    get { state.withLock { $0.failsToRead } }
    set { state.withLock { $0.failsToRead = newValue } }
  }

  func add(_ entry: String) { state.withLock { $0.entries.append(entry) } }
}

/// Predicts half of the latents.
private struct LoggingDenoiser: Denoiser {
  let log: Log
  /// An element of the prediction that becomes something else.
  var spoiled: (index: Int, value: Float)?

  func predict(
    _ input: DenoiserInput, attention: any AttentionMechanism, step: Int, sample: Int
  ) throws -> PendingPrediction {
    log.add("give \(sample)")
    return PendingPrediction { [log, spoiled] in
      log.add("read \(sample)")
      if log.failsToRead { throw LostPrediction() }
      var values = input.latents.floats().map { $0 / 2 }
      if let spoiled { values[spoiled.index] = spoiled.value }
      return Tensor(values, shape: input.latents.shape)
    }
  }
}

private struct LoggingScheduler: Scheduler {
  let log: Log
  let timesteps: [Float] = [1]

  func noise(ofStep index: Int, shape: Shape, from generator: inout NormalGenerator) -> Tensor? {
    log.add("draw")
    return generator.draw(shape)
  }

  mutating func step(_ index: Int, latents: Tensor, prediction: Tensor, noise: Tensor?) -> Tensor {
    log.add("step")
    return latents
  }
}
