import Attention
import Checkpoint
import Compute
import Foundation
import Synchronization
import Tensor
import TestSupport
import Testing

@testable import Models

/// Where `Tools/fullwidth/reference.py` wrote a model and what PyTorch computes with it, if it did.
private let fullWidthFolder = ProcessInfo.processInfo.environment["SVGEN_FULL_WIDTH"].map { URL(filePath: $0) }

/// A transformer of the published width against PyTorch; `Tools/fullwidth/run.sh` makes what it compares with.
@Suite(.enabled(if: fullWidthFolder != nil, "Tools/fullwidth/run.sh runs it: it needs gigabytes of weights"))
struct FullWidthTests {
  /// Products of 3072 and 15 360 terms are summed in other orders; a layer errs by about √terms units in the last place.
  static let bound = 1e-4

  @Test func `a dense and a sparse step are those of PyTorch`() throws {
    let folder = try #require(fullWidthFolder)
    let file = try SafetensorsFile(folder.appending(path: "reference.safetensors"))
    func tensor(_ name: String) throws -> Tensor {
      let mapped = try file.tensor(named: name)
      return Tensor(mapped.floats(), shape: mapped.shape)
    }
    func setting(_ name: String) throws -> Int { try #require(file.header.metadata[name].flatMap(Int.init)) }
    let device = CPUDevice(threads: 2, activationType: .float32)
    let configuration = try ConfigurationFile(folder.appending(path: "transformer/config.json")).decode(
      HunyuanVideoTransformerConfiguration.self, keys: .asWritten)
    let transformer = try HunyuanVideoTransformer(
      configuration,
      weights: LayerLoader(
        device: device,
        scope: Checkpoint(folder: folder.appending(path: "transformer"), name: "diffusion_pytorch_model").scope))
    let (text, latents) = (try tensor("text"), try tensor("latents"))
    let input = DenoiserInput(
      latents: latents, timestep: 900,
      text: TextCondition(
        states: text.reshaped([text.shape[1], text.shape[2]]), pooled: try tensor("pooled"),
        validTokens: try setting("valid")), guidance: 6)

    let dense = try transformer.predict(input, attention: DenseAttention(device: device), step: 0, sample: 0)
    let denseError = try relativeError(dense, tensor("dense"))

    let (frames, places) = (latents.shape[1], latents.shape[3] * latents.shape[4] / 4)
    let width = Double(2 * (try setting("half_width")))
    let settings = SparseVideoGenSettings(
      bandWidth: .explicit(spatialFrames: width / Double(places), temporalTokens: width / Double(frames)),
      denseSteps: .count(0), denseLayers: .count(0))
    let traces = Mutex<[HeadTrace]>([])
    let sparse = try transformer.predict(
      input,
      attention: SparseVideoGenAttention(
        device: device, settings: settings,
        schedule: AttentionSchedule(steps: 1, layers: 2, denseSteps: .count(0), denseLayers: .count(0))
      ) { trace in traces.withLock { $0.append(trace) } }, step: 0, sample: 0)
    let sparseError = try relativeError(sparse, tensor("sparse"))

    let chosen = traces.withLock { $0.flatMap { ($0.patterns ?? []).map { Int32($0.rawValue) } } }
    let expected = file.header.metadata["is_temporal"]?.split(separator: ",").compactMap { Int32($0) }
    #expect(chosen == expected)
    let densities = traces.withLock { $0.map { Double($0.computedPairs) / Double($0.allPairs) } }
    // The numbers are what the tool is run for.
    print("dense error \(denseError), sparse error \(sparseError), densities \(densities)")
    #expect(denseError <= Self.bound && sparseError <= Self.bound)
  }
}
