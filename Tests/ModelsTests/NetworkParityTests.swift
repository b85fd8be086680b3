import Attention
import Compute
import Tensor
import TestSupport
import Testing

@testable import Models

/// Every network against what diffusers and transformers compute with the same weights, stage by stage, in float32.
///
/// Both sides round every operation to 24 bits but add in different orders; a stage of a tiny network stays within
/// 1e-5 of the golden, and 1e-4 is the bound.
@Suite struct NetworkParityTests {
  static let bound = 1e-4
  @Test(arguments: pipelineFixtures, TestDevice.allCases)
  func `the text encoder gives the states that transformers gives`(name: String, kind: TestDevice) throws {
    let device = kind.device
    let goldens = try Goldens("\(name)/text")
    let encoder = try TinyModel(name: name, device: device).textEncoder()
    let expected = try goldens.tensor("states")
    let ids = try goldens.integers("ids")
    let count = expected.shape[1]
    for prompt in 0..<expected.shape[0] {
      let states = try device.download(encoder.encode(Array(ids[prompt * count..<(prompt + 1) * count])))
      let error = relativeError(states, expected.slice(prompt..<prompt + 1))
      #expect(error <= Self.bound, "prompt \(prompt)")
    }
  }

  @Test(arguments: pipelineFixtures + ["cogvideox-ofs"], TestDevice.allCases)
  func `the transformer predicts what diffusers predicts, also at a size of its own`(
    name: String, kind: TestDevice
  ) throws {
    let device = kind.device
    let goldens = try Goldens("\(name)/transformer")
    let transformer = try TinyModel(name: name, device: device).transformer()
    for size in ["one", "other"] where goldens.names.contains("\(size)/output") {
      let output = try predict(transformer, goldens, size, attention: DenseAttention(device: device), on: device)
      let error = try relativeError(output, goldens.tensor("\(size)/output"))
      #expect(error <= Self.bound, "\(size)")
    }
  }

  @Test(arguments: pipelineFixtures + ["cogvideox-ofs"], TestDevice.allCases)
  func `attention of the first layer gets and gives what diffusers computes`(
    name: String, kind: TestDevice
  ) throws {
    let device = kind.device
    let goldens = try Goldens("\(name)/transformer")
    let transformer = try TinyModel(name: name, device: device).transformer()
    let recorder = RecordingAttention(device: device)
    _ = try predict(transformer, goldens, "one", attention: recorder, on: device)
    let first = try #require(recorder.outputs.first)
    let expected = try goldens.tensor("one/block0_attention_heads")
    let error = relativeError(first, expected)
    #expect(error <= Self.bound)
  }

  private func predict(
    _ transformer: CogVideoXTransformer, _ goldens: Goldens, _ size: String,
    attention: any AttentionMechanism, on device: any ComputeDevice
  ) throws -> Tensor {
    let text = try goldens.tensor("\(size)/text")
    let states = try device.upload(text.reshaped([text.shape[1], text.shape[2]]), as: device.activationType)
    let timestep = try #require(goldens.metadata["timestep"].flatMap(Float.init))
    return try transformer.predict(
      DenoiserInput(
        latents: goldens.tensor("\(size)/latents"), timestep: timestep,
        text: TextCondition(states: states, validTokens: states.shape[0])),
      attention: attention, step: 0, sample: 0
    ).resolved()
  }

  @Test(arguments: ["cogvideox-2b", "cogvideox-5b", "cogvideox-1.5"], TestDevice.allCases)
  func `the decoder gives the frames that diffusers gives, for even and odd numbers of latent frames`(
    name: String, kind: TestDevice
  ) throws {
    let device = kind.device
    let goldens = try Goldens("\(name)/vae")
    let decoder = try TinyModel(name: name, device: device).decoder()
    let cases = goldens.names.filter { $0.hasPrefix("frames") && $0.hasSuffix("/latents") }
    #expect(!cases.isEmpty)
    for name in cases {
      let latents = try goldens.tensor(name)
      let expected = try goldens.tensor(name.replacing("/latents", with: "/output"))
      let frames = try decoder.decode(pipelineLatents(latents, scalingFactor: decoder.scalingFactor), tiled: false) {
        _ in
      }
      let error = relativeError(frames, rgb(expected))
      #expect(error <= Self.bound, "\(name)")
    }
  }

  @Test(arguments: TestDevice.allCases)
  func `tiles are cut and blended as diffusers does`(kind: TestDevice) throws {
    let device = kind.device
    let goldens = try Goldens("cogvideox-5b/vae")
    let settings = goldens.metadata
    var tiling = TileGeometry(
      height: Int(settings["tile_sample_min_height"]!)!, width: Int(settings["tile_sample_min_width"]!)!,
      compression: 8)
    tiling.verticalOverlap = Double(settings["tile_overlap_factor_height"]!)!
    tiling.horizontalOverlap = Double(settings["tile_overlap_factor_width"]!)!
    let decoder = try TinyModel(name: "cogvideox-5b", device: device).decoder(tiling: tiling)
    let latents = try pipelineLatents(
      goldens.tensor("tiled/latents"), scalingFactor: decoder.scalingFactor)
    let tiled = try decoder.decode(latents, tiled: true) { _ in }
    let stored = settings["tile_frames"]!.split(separator: ",").map { Int($0)! }
    let expected = try rgb(goldens.tensor("tiled/output"))
    let chosen = stored.flatMap { tiled.slice($0..<$0 + 1).floats() }
    let error = relativeError(Tensor(chosen, shape: expected.shape), expected)
    #expect(error <= Self.bound)
    let whole = try decoder.decode(latents, tiled: false) { _ in }
    #expect(relativeError(tiled, whole) > 1e-3, "tiles change the result, else this test compares nothing")
  }
}
