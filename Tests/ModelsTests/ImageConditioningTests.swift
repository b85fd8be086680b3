import Attention
import Checkpoint
import Compute
import Foundation
import Tensor
import TestSupport
import Testing

@testable import Models

/// What image-to-video models have beside the others, against diffusers: float32 within 1e-4 as `NetworkParityTests`,
/// bfloat16 within twice the error of diffusers.
@Suite struct ImageConditioningTests {
  static let bound = 1e-4

  /// `[1, 3, F, H, W]` to `[F, H, W, 3]`, or `[1, C, F, h, w]` to `[F, h, w, C]`.
  func channelsLast(_ tensor: Tensor) -> Tensor {
    let (shape, values) = (tensor.shape, tensor.floats())
    let (channels, places) = (shape[1], shape[2] * shape[3] * shape[4])
    var result: [Float] = []
    for place in 0..<places {
      for channel in 0..<channels { result.append(values[channel * places + place]) }
    }
    return Tensor(result, shape: [shape[2], shape[3], shape[4], channels])
  }

  @Test(arguments: [1, 4, 5, 9, 17], TestDevice.allCases)
  func `the encoder gives the moments that diffusers gives, for even and odd numbers of frames`(
    frames: Int, kind: TestDevice
  ) throws {
    let goldens = try Goldens("cogvideox-5b/vae-encoder")
    let encoder = try TinyModel(name: "cogvideox-5b", device: kind.device).encoder()
    let moments = try encoder.moments(of: channelsLast(goldens.tensor("frames\(frames)/pixels")), tiled: false)
    let expected = try channelsLast(goldens.tensor("frames\(frames)/output"))
    #expect(moments.shape == expected.shape)
    #expect(relativeError(moments, expected) <= Self.bound)
  }

  @Test(arguments: TestDevice.allCases)
  func `tiles of pixels are cut, and their latents blended, as diffusers does`(kind: TestDevice) throws {
    let goldens = try Goldens("cogvideox-5b/vae-encoder")
    let settings = goldens.metadata
    var tiling = TileGeometry(
      height: Int(settings["tile_sample_min_height"]!)!, width: Int(settings["tile_sample_min_width"]!)!,
      compression: 8)
    tiling.verticalOverlap = Double(settings["tile_overlap_factor_height"]!)!
    tiling.horizontalOverlap = Double(settings["tile_overlap_factor_width"]!)!
    let encoder = try TinyModel(name: "cogvideox-5b", device: kind.device).encoder(tiling: tiling)
    let pixels = try channelsLast(goldens.tensor("tiled/pixels"))
    let tiled = try encoder.moments(of: pixels, tiled: true)
    let expected = try channelsLast(goldens.tensor("tiled/output"))
    #expect(tiled.shape == expected.shape)
    #expect(relativeError(tiled, expected) <= Self.bound)
    let whole = try encoder.moments(of: pixels, tiled: false)
    #expect(relativeError(tiled, whole) > 1e-3, "tiles change the result, else this test compares nothing")
  }

  @Test(arguments: RoughDevice.allCases)
  func `the encoder in bfloat16`(kind: RoughDevice) throws {
    let rough = try kind.device
    let goldens = try Goldens("cogvideox-5b/vae-encoder")
    let encoder = try TinyModel(name: "cogvideox-5b", device: rough).encoder()
    let moments = try encoder.moments(of: channelsLast(goldens.tensor("frames9/pixels")), tiled: false)
    let error = try relativeError(moments, channelsLast(goldens.tensor("frames9/output")))
    #expect(error <= 2 * Double(try goldens.tensor("frames9/output_bfloat16_error").floats()[0]))
  }

  func prediction(_ name: String, _ goldens: Goldens, on device: any ComputeDevice) throws -> Tensor {
    let text = try goldens.tensor("one/text")
    let states = try device.upload(text.reshaped([text.shape[1], text.shape[2]]), as: device.activationType)
    return try TinyModel(name: name, device: device).transformer().predict(
      DenoiserInput(
        latents: goldens.tensor("one/latents"), timestep: #require(goldens.metadata["timestep"].flatMap(Float.init)),
        text: TextCondition(states: states, validTokens: states.shape[0]), image: goldens.tensor("one/image")),
      attention: DenseAttention(device: device), step: 0, sample: 0
    ).resolved()
  }

  @Test(arguments: imageFixtures, TestDevice.allCases)
  func `the transformer that sees an image predicts what diffusers predicts`(name: String, kind: TestDevice) throws {
    let goldens = try Goldens("\(name)/transformer")
    let output = try prediction(name, goldens, on: kind.device)
    #expect(try relativeError(output, goldens.tensor("one/output")) <= Self.bound)
  }

  @Test(arguments: imageFixtures, RoughDevice.allCases)
  func `the transformer that sees an image, in bfloat16`(name: String, kind: RoughDevice) throws {
    let rough = try kind.device
    let goldens = try Goldens("\(name)/transformer")
    let error = try relativeError(prediction(name, goldens, on: rough), goldens.tensor("one/output"))
    #expect(error <= 2 * Double(try goldens.tensor("one/output_bfloat16_error").floats()[0]))
  }

  @Test(arguments: imageFixtures)
  func `an image-to-video model says that it takes an image, a text-to-video model that it takes none`(
    name: String
  ) throws {
    let model = try VideoModelRegistry.model(in: ModelDirectory(Fixtures.model(name)))
    #expect(model.imageConditioning != nil)
    #expect(model.latentShape(for: VideoSize(width: 48, height: 32, frames: 9))[2] == 4)
    let other = try VideoModelRegistry.model(in: ModelDirectory(Fixtures.model("cogvideox-5b")))
    #expect(other.imageConditioning == nil)
  }

  @Test func `a transformer without room for the image's latents is refused`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "svgen-\(UUID().uuidString)")
    try FileManager.default.copyItem(at: Fixtures.model("cogvideox-5b-i2v"), to: folder)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "transformer/config.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    try Data(text.replacing("\"in_channels\": 8", with: "\"in_channels\": 4").utf8).write(to: file)
    let error = try #require(throws: ModelError.self) { try VideoModelRegistry.model(in: ModelDirectory(folder)) }
    #expect(error.message.contains("in_channels 4"))
    #expect(error.message.contains("image-to-video"))
  }
}
