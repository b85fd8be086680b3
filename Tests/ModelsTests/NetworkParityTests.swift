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
  let device: any ComputeDevice = ReferenceDevice()

  @Test(arguments: pipelineFixtures)
  func `the text encoder gives the states that transformers gives`(name: String) throws {
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

  @Test(arguments: pipelineFixtures + ["cogvideox-ofs"], ["one", "other"])
  func `the transformer predicts what diffusers predicts`(name: String, size: String) throws {
    let goldens = try Goldens("\(name)/transformer")
    guard goldens.names.contains("\(size)/output") else { return }
    let transformer = try TinyModel(name: name, device: device).transformer()
    let output = try predict(transformer, goldens, size)
    let error = try relativeError(output, goldens.tensor("\(size)/output"))
    #expect(error <= Self.bound)
  }

  @Test(arguments: pipelineFixtures + ["cogvideox-ofs"])
  func `attention of the first layer gets and gives what diffusers computes`(name: String) throws {
    let goldens = try Goldens("\(name)/transformer")
    let transformer = try TinyModel(name: name, device: device).transformer()
    let recorder = RecordingAttention(device: device)
    _ = try predict(transformer, goldens, "one", attention: recorder)
    let first = try #require(recorder.outputs.first)
    let expected = try goldens.tensor("one/block0_attention_heads")
    let error = relativeError(first, expected)
    #expect(error <= Self.bound)
  }

  private func predict(
    _ transformer: CogVideoXTransformer, _ goldens: Goldens, _ size: String,
    attention: (any AttentionMechanism)? = nil
  ) throws -> Tensor {
    let text = try goldens.tensor("\(size)/text")
    let states = try device.upload(text.reshaped([text.shape[1], text.shape[2]]), as: device.activationType)
    let timestep = try #require(goldens.metadata["timestep"].flatMap(Int.init))
    return try transformer.predict(
      latents: goldens.tensor("\(size)/latents"), timestep: timestep,
      text: TextCondition(states: states, validTokens: states.shape[0], truncatedTokens: 0),
      attention: attention ?? DenseAttention(device: device), step: 0, sample: 0)
  }

  @Test(arguments: ["cogvideox-2b", "cogvideox-5b", "cogvideox-1.5"])
  func `the decoder gives the frames that diffusers gives, for even and odd numbers of latent frames`(
    name: String
  ) throws {
    let goldens = try Goldens("\(name)/vae")
    let decoder = try TinyModel(name: name, device: device).decoder()
    let cases = goldens.names.filter { $0.hasPrefix("frames") && $0.hasSuffix("/latents") }
    #expect(!cases.isEmpty)
    for name in cases {
      let latents = try goldens.tensor(name)
      let expected = try goldens.tensor(name.replacing("/latents", with: "/output"))
      let frames = try decoder.decode(inPipelineOrder(latents, decoder), tiled: false) { _ in }
      let error = relativeError(frames, rgb(expected, frames: nil))
      #expect(error <= Self.bound, "\(name)")
    }
  }

  @Test func `tiles are cut and blended as diffusers does`() throws {
    let goldens = try Goldens("cogvideox-5b/vae")
    let settings = goldens.metadata
    var tiling = TileGeometry(
      height: Int(settings["tile_sample_min_height"]!)!, width: Int(settings["tile_sample_min_width"]!)!,
      compression: 8)
    tiling.verticalOverlap = Double(settings["tile_overlap_factor_height"]!)!
    tiling.horizontalOverlap = Double(settings["tile_overlap_factor_width"]!)!
    let decoder = try TinyModel(name: "cogvideox-5b", device: device).decoder(tiling: tiling)
    let latents = try inPipelineOrder(goldens.tensor("tiled/latents"), decoder)
    let tiled = try decoder.decode(latents, tiled: true) { _ in }
    let stored = settings["tile_frames"]!.split(separator: ",").map { Int($0)! }
    let expected = try rgb(goldens.tensor("tiled/output"), frames: nil)
    let chosen = stored.flatMap { tiled.slice($0..<$0 + 1).floats() }
    let error = relativeError(Tensor(chosen, shape: expected.shape), expected)
    #expect(error <= Self.bound)
    let whole = try decoder.decode(latents, tiled: false) { _ in }
    #expect(relativeError(tiled, whole) > 1e-3, "tiles change the result, else this test compares nothing")
  }

  /// `[1, C, F, h, w]`, unscaled as the autoencoder takes it, to the pipeline's `[1, F, C, h, w]`.
  private func inPipelineOrder(_ latents: Tensor, _ decoder: CogVideoXDecoder) throws -> Tensor {
    let (shape, values) = (latents.shape, latents.floats())
    let (channels, frames, places) = (shape[1], shape[2], shape[3] * shape[4])
    var result = values
    for channel in 0..<channels {
      for frame in 0..<frames {
        for place in 0..<places {
          result[(frame * channels + channel) * places + place] =
            values[(channel * frames + frame) * places + place] * decoder.scalingFactor
        }
      }
    }
    return Tensor(result, shape: [1, frames, channels, shape[3], shape[4]])
  }

  /// `[1, 3, F, H, W]` from −1 to 1 to `[F, H, W, 3]` from 0 to 1.
  private func rgb(_ output: Tensor, frames: [Int]?) -> Tensor {
    let (shape, values) = (output.shape, output.floats())
    let (frames, places) = (shape[2], shape[3] * shape[4])
    var result = values
    for color in 0..<3 {
      for frame in 0..<frames {
        for place in 0..<places {
          result[(frame * places + place) * 3 + color] =
            min(max(values[(color * frames + frame) * places + place] / 2 + 0.5, 0), 1)
        }
      }
    }
    return Tensor(result, shape: [frames, shape[3], shape[4], 3])
  }
}
