import Attention
import Checkpoint
import Compute
import Diffusion
import Foundation
import Models
import Synchronization
import Tensor
import TestSupport
import Testing

@testable import SparseVideoGen

/// Networks are in memory one after the other: each of a real model fills a machine alone.
struct NetworkLifetimeTests {
  @Test(arguments: [1, 2])
  func `a network is freed before the next one is loaded`(videos: Int) async throws {
    let living = try await networks(of: (0..<videos).map { tinyRequest(seed: UInt64($0)) })
    // With many videos transformer and decoder take turns, and stay.
    #expect(living.loads == ["text encoder", "transformer", videos == 1 ? "decoder" : "decoder beside transformer"])
    #expect(living.namesWhileDecoding.last == ["decoder"])
    #expect(living.isEmpty)
  }

  @Test func `steps that are shared do not keep the transformer`() async throws {
    let requests = [AttentionChoice.dense, .sparse(SparseVideoGenSettings(denseSteps: .count(1)))].map {
      var request = tinyRequest()
      request.attention = $0
      return request
    }
    let living = try await networks(of: requests)
    #expect(living.namesWhileDecoding == [["transformer", "decoder"], ["decoder"]])
    #expect(living.isEmpty)
  }

  /// Makes videos and tells what was in memory meanwhile.
  private func networks(of requests: [GenerationRequest]) async throws -> LivingNetworks {
    let source = ModelSource.reference(Fixtures.model("cogvideox-5b").path)
    let pipeline = try VideoPipeline(directory: source.directory(), device: CPUDevice())
    let living = LivingNetworks()
    let watched = VideoPipeline(
      model: WatchedModel(model: pipeline.model, living: living), device: pipeline.device,
      schedulerSettings: pipeline.schedulerSettings)
    let chosen = ChosenDevice(
      device: pipeline.device, name: "cpu", memory: SystemMemory.total, overheads: .processor, threads: 1)
    let worker = GenerationWorker(planner: Planner(pipeline: watched, source: source, chosen: chosen))
    try await worker.generate(requests) { _, _ in }
    return living
  }
}

/// Which networks are in memory, and what was there when each was loaded.
private final class LivingNetworks: Sendable {
  private let state = Mutex((names: [String](), loads: [String](), whileDecoding: [[String]]()))

  var loads: [String] { state.withLock { $0.loads } }
  /// What was in memory when each decoding began.
  var namesWhileDecoding: [[String]] { state.withLock { $0.whileDecoding } }
  var isEmpty: Bool { state.withLock { $0.names.isEmpty } }

  func add(_ name: String) {
    state.withLock { state in
      state.loads.append(([name] + state.names).joined(separator: " beside "))
      state.names.append(name)
    }
  }

  func noteDecoding() { state.withLock { $0.whileDecoding.append($0.names) } }

  func remove(_ name: String) { state.withLock { $0.names.removeAll { $0 == name } } }
}

/// Lives as long as the network that holds it.
private final class Life: Sendable {
  private let name: String
  let living: LivingNetworks

  init(_ name: String, in living: LivingNetworks) {
    self.name = name
    self.living = living
    living.add(name)
  }

  deinit { living.remove(name) }
}

private struct WatchedTextEncoder: TextEncoder {
  let network: any TextEncoder
  let life: Life

  func encode(_ prompt: String) throws -> TextCondition { try network.encode(prompt) }
}

private struct WatchedDenoiser: Denoiser {
  let network: any Denoiser
  let life: Life

  func predict(
    _ input: DenoiserInput, attention: any AttentionMechanism, step: Int, sample: Int
  ) throws -> PendingPrediction {
    try network.predict(input, attention: attention, step: step, sample: sample)
  }
}

private struct WatchedDecoder: FrameDecoder {
  let network: any FrameDecoder
  let life: Life

  func decode(_ latents: Tensor, tiled: Bool, progress: (Double) -> Void) throws -> Tensor {
    life.living.noteDecoding()
    return try network.decode(latents, tiled: tiled, progress: progress)
  }
}

/// A model whose networks tell when they come and go.
private struct WatchedModel: VideoModel {
  static let pipelineClasses: [String] = []

  private let model: any VideoModel
  private let living: LivingNetworks

  init(model: any VideoModel, living: LivingNetworks) {
    self.model = model
    self.living = living
  }

  init(directory: ModelDirectory) throws {
    self.init(model: try VideoModelRegistry.model(in: directory), living: LivingNetworks())
  }

  var description: ModelDescription { model.description }
  var networks: [ModelNetwork] { model.networks }
  var sizeRule: SizeRule { model.sizeRule }
  var noiseOrder: NoiseOrder { model.noiseOrder }
  var conditionShape: ConditionShape { model.conditionShape }
  var decodedFrameCopies: Int { model.decodedFrameCopies }
  func layout(for size: VideoSize) -> TokenLayout { model.layout(for: size) }
  func latentShape(for size: VideoSize) -> Shape { model.latentShape(for: size) }

  func decodableLatents(_ latents: Tensor, for size: VideoSize) -> Tensor {
    model.decodableLatents(latents, for: size)
  }

  func workingBytes(_ phase: WorkPhase, for size: VideoSize, activations: ElementType) -> Int {
    model.workingBytes(phase, for: size, activations: activations)
  }

  func checkWeights(of component: String) throws { try model.checkWeights(of: component) }
  func checkTokenizers() throws { try model.checkTokenizers() }

  func loadTextEncoder(on device: any ComputeDevice) throws -> any TextEncoder {
    WatchedTextEncoder(
      network: try model.loadTextEncoder(on: device), life: Life("text encoder", in: living))
  }

  func loadDenoiser(on device: any ComputeDevice) throws -> any Denoiser {
    WatchedDenoiser(network: try model.loadDenoiser(on: device), life: Life("transformer", in: living))
  }

  func loadDecoder(on device: any ComputeDevice) throws -> any FrameDecoder {
    WatchedDecoder(network: try model.loadDecoder(on: device), life: Life("decoder", in: living))
  }
}
