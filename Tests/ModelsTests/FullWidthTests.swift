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
@Suite(
  .serialized, .enabled(if: fullWidthFolder != nil, "Tools/fullwidth/run.sh runs it: it needs gigabytes of weights"))
struct FullWidthTests {
  /// Products of 3072 and 15 360 terms are summed in other orders; a layer errs by about √terms units in the last place.
  static let bound = 1e-4

  let folder: URL
  let file: SafetensorsFile
  let configuration: HunyuanVideoTransformerConfiguration

  init() throws {
    folder = try #require(fullWidthFolder)
    file = try SafetensorsFile(folder.appending(path: "reference.safetensors"))
    configuration = try ConfigurationFile(folder.appending(path: "transformer/config.json")).decode(
      HunyuanVideoTransformerConfiguration.self, keys: .asWritten)
  }

  func tensor(_ name: String) throws -> Tensor {
    let mapped = try file.tensor(named: name)
    return Tensor(mapped.floats(), shape: mapped.shape)
  }

  func setting<Value: LosslessStringConvertible>(_ name: String) throws -> Value {
    try #require(file.header.metadata[name].flatMap(Value.init))
  }

  func transformer(on device: any ComputeDevice) throws -> HunyuanVideoTransformer {
    let checkpoint = try Checkpoint(folder: folder.appending(path: "transformer"), name: "diffusion_pytorch_model")
    return try HunyuanVideoTransformer(configuration, weights: LayerLoader(device: device, scope: checkpoint.scope))
  }

  /// What an error may be: in bfloat16 twice that of PyTorch in bfloat16.
  func bound(_ name: String, _ numbers: ElementType) throws -> Double {
    numbers == .float32 ? Self.bound : 2 * Double(try tensor("\(name)_bfloat16_error").floats()[0])
  }

  @Test(arguments: [ElementType.float32, .bfloat16])
  func `a dense and a sparse step are those of PyTorch`(numbers: ElementType) throws {
    let device = CPUDevice(threads: 2, activationType: numbers)
    let transformer = try transformer(on: device)
    let (text, latents) = (try tensor("text"), try tensor("latents"))
    let input = DenoiserInput(
      latents: latents, timestep: 900,
      text: TextCondition(
        states: try device.upload(text.reshaped([text.shape[1], text.shape[2]]), as: numbers),
        pooled: try device.upload(tensor("pooled"), as: numbers), validTokens: try setting("valid")),
      guidance: try setting("guidance"))

    let dense = try transformer.predict(input, attention: DenseAttention(device: device), step: 0, sample: 0).resolved()
    let denseError = try relativeError(dense, tensor("dense"))

    let (frames, places) = (latents.shape[1], latents.shape[3] * latents.shape[4] / 4)
    let width: Double = 2 * (try setting("half_width"))
    let settings = SparseVideoGenSettings(
      bandWidth: .explicit(spatialFrames: width / Double(places), temporalTokens: width / Double(frames)),
      denseSteps: .count(0), denseLayers: .count(0))
    let pending = Mutex<[PendingHeadTrace]>([])
    let sparse = try transformer.predict(
      input,
      attention: SparseVideoGenAttention(
        device: device, settings: settings,
        schedule: AttentionSchedule(steps: 1, layers: 2, denseSteps: .count(0), denseLayers: .count(0))
      ) { trace in pending.withLock { $0.append(trace) } }, step: 0, sample: 0
    ).resolved()
    let sparseError = try relativeError(sparse, tensor("sparse"))

    let traces = try pending.withLock { try $0.map { try $0.resolved() } }
    let chosen = traces.flatMap { ($0.patterns ?? []).map { Int32($0.rawValue) } }
    let expected = file.header.metadata["is_temporal"]?.split(separator: ",").compactMap { Int32($0) }
    #expect(chosen == expected)
    let densities = traces.map { Double($0.computedPairs) / Double($0.allPairs) }
    // The numbers are what the tool is run for.
    print("\(numbers): dense error \(denseError), sparse error \(sparseError), densities \(densities)")
    #expect(try denseError <= bound("dense", numbers))
    #expect(try sparseError <= bound("sparse", numbers))
  }

  #if os(Linux)
    @Test(arguments: [ElementType.float32, .bfloat16])
    func `loading holds every weight once`(numbers: ElementType) throws {
      // Memory of the test before does not count as growth.
      let device = CPUDevice(threads: 2, activationType: numbers)
      device.trim()
      // The system counts the most memory anew from here on.
      try Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
      let before = try residentBytes("VmRSS")
      let transformer = try transformer(on: device)
      let growth = try residentBytes("VmHWM") - before
      let weights = configuration.parameters * numbers.byteCount
      print("\(numbers): \(weights >> 20) MiB of weights, loading takes \(growth >> 20) MiB at most")
      // Packed panels are padded, and two of them are in the making.
      #expect(growth < weights / 100 * 105 + 64 << 20)
      withExtendedLifetime(transformer) {}
    }

    private func residentBytes(_ key: String) throws -> Int {
      let status = String(decoding: try Data(contentsOf: URL(filePath: "/proc/self/status")), as: UTF8.self)
      let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("\(key):") })
      return try #require(Int(line.split(whereSeparator: \.isWhitespace)[1])) * 1024
    }
  #endif
}
