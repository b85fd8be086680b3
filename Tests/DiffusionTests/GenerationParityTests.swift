import Attention
import Checkpoint
import Compute
import Foundation
import Media
import Models
import Tensor
import TestSupport
import Testing

@testable import Diffusion

/// Whole generations of tiny models against the pipelines of diffusers, in float32.
///
/// Every step adds the error of two transformer runs, at most 1e-5 each, and guidance multiplies their difference by
/// 6; 1e-3 is the bound for a whole trajectory.
@Suite struct GenerationParityTests {
  static let bound = 1e-3
  static let imageModels = ["cogvideox-5b-i2v", "cogvideox-1.5-i2v"]
  static let models = ["cogvideox-2b", "cogvideox-5b", "cogvideox-1.5", "cogvideox-learned"]

  /// Runs a golden's generation to the end.
  func generate(
    _ model: String, _ variant: String, on device: any ComputeDevice,
    eachStep: (Int, Tensor) throws -> Void = { _, _ in }
  ) throws -> Tensor {
    let goldens = try Goldens("\(model)/generation")
    let settings = goldens.metadata
    func number(_ key: String) throws -> Int { try #require(settings[key].flatMap(Int.init)) }
    let pipeline = try VideoPipeline(directory: ModelDirectory(Fixtures.model(model)), device: device)
    let size = VideoSize(width: try number("width"), height: try number("height"), frames: try number("frames"))
    let scale = variant == "unguided" ? 1 : try #require(settings["guidance"].flatMap(Double.init))
    let guidance = Guidance(scale: scale, isDynamic: variant == "dynamic")
    let negativePrompt = variant == "negative" ? try #require(settings["negative_prompt"]) : ""
    let encoder = try pipeline.model.loadTextEncoder(on: pipeline.device)
    let conditions = try [try #require(settings["prompt"]), negativePrompt].map(encoder.encode)
    var image: ImagePosterior?
    if goldens.names.contains("picture") {
      let original = try goldens.tensor("picture")
      let picture = Picture(
        width: original.shape[1], height: original.shape[0], pixels: try goldens.integers("picture").map(UInt8.init))
      image = try pipeline.encode([(picture.resized(width: size.width, height: size.height).tensor, false)])[0]
    }
    var loop = try pipeline.denoising(
      with: pipeline.model.loadDenoiser(on: device),
      conditions: .init(prompt: conditions[0], negative: guidance.isOn ? conditions[1] : nil, image: image), size: size,
      steps: number("steps"), guidance: guidance, seed: UInt64(number("seed")),
      attention: DenseAttention(device: device))
    while !loop.isFinished {
      try loop.advance()
      try eachStep(loop.nextStep - 1, loop.latents)
    }
    return loop.latents
  }

  @Test(arguments: models + imageModels, TestDevice.allCases)
  func `a generation follows that of diffusers step by step, to the frames`(model: String, kind: TestDevice) throws {
    let device = kind.device
    let goldens = try Goldens("\(model)/generation")
    let latents = try generate(model, "plain", on: device) { step, latents in
      guard goldens.names.contains("plain/step\(step)") else { return }
      let error = try relativeError(latents, goldens.tensor("plain/step\(step)"))
      #expect(error <= Self.bound, "step \(step)")
    }
    let error = try relativeError(latents, goldens.tensor("plain/latents"))
    #expect(error <= Self.bound)
    guard goldens.names.contains("plain/frames") else { return }
    let pipeline = try VideoPipeline(directory: ModelDirectory(Fixtures.model(model)), device: device)
    let size = VideoSize(
      width: Int(goldens.metadata["width"]!)!, height: Int(goldens.metadata["height"]!)!,
      frames: Int(goldens.metadata["frames"]!)!)
    let frames = try pipeline.model.loadDecoder(on: device).decode(
      pipeline.model.decodableLatents(latents, for: size), tiled: false
    ) { _ in }
    #expect(frames.shape == [size.frames, size.height, size.width, 3])
    let expected = try goldens.tensor("plain/frames")
    let stored = goldens.metadata["stored_frames"] ?? "all"
    let indices =
      stored == "all" ? Array(0..<size.frames) : stored.split(separator: ",").map { Int($0)! }
    let chosen = indices.flatMap { frames.slice($0..<$0 + 1).floats() }
    #expect(relativeError(Tensor(chosen, shape: expected.shape), expected) <= Self.bound)
  }

  @Test(arguments: imageModels)
  func `the image's latents are sampled before the noise, from the same numbers, and lie in the first frame`(
    model: String
  ) throws {
    let device = TestDevice.cpu.device
    let goldens = try Goldens("\(model)/generation")
    let pipeline = try VideoPipeline(directory: ModelDirectory(Fixtures.model(model)), device: device)
    let picture = Picture(
      width: 70, height: 45, pixels: try goldens.integers("picture").map(UInt8.init))
    let posterior = try pipeline.encode([(picture.resized(width: 48, height: 32).tensor, false)])[0]
    var noise = NormalGenerator(seed: 42)
    let sampled = posterior.sample(noise.draw(posterior.mean.shape))
    let latents = try #require(pipeline.model.imageConditioning).latents(
      sampled, for: VideoSize(width: 48, height: 32, frames: 9))
    let expected = try goldens.tensor("image_latents")
    #expect(latents.shape == expected.shape)
    #expect(relativeError(latents, expected) <= 1e-4)
  }

  @Test(arguments: imageModels)
  func `an image-to-video generation without guidance is that of diffusers`(model: String) throws {
    let goldens = try Goldens("\(model)/generation")
    let latents = try generate(model, "unguided", on: TestDevice.cpu.device)
    #expect(try relativeError(latents, goldens.tensor("unguided/latents")) <= Self.bound)
  }

  @Test(arguments: models, ["dynamic", "negative", "unguided"])
  func `dynamic guidance, a negative prompt and no guidance do what they do in diffusers`(
    model: String, variant: String
  ) throws {
    let goldens = try Goldens("\(model)/generation")
    guard goldens.names.contains("\(variant)/latents") else { return }
    let error = try relativeError(
      generate(model, variant, on: TestDevice.cpu.device), goldens.tensor("\(variant)/latents"))
    #expect(error <= Self.bound)
  }
}
