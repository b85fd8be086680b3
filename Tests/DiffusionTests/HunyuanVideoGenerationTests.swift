import Attention
import Checkpoint
import Compute
import Models
import Tensor
import TestSupport
import Testing

@testable import Diffusion

/// Whole generations of a tiny HunyuanVideo from given text states, against the pipeline of diffusers in float32. In float32
/// the bound is that of ``GenerationParityTests``, in bfloat16 twice the error of diffusers' own generation in bfloat16.
@Suite struct HunyuanVideoGenerationTests {
  let goldens: Goldens
  let pipelineSize: VideoSize

  init() throws {
    goldens = try Goldens("hunyuan-video/generation")
    let settings = goldens.metadata
    func number(_ key: String) throws -> Int { try #require(settings[key].flatMap(Int.init)) }
    pipelineSize = VideoSize(width: try number("width"), height: try number("height"), frames: try number("frames"))
  }

  func setting(_ key: String) throws -> Double { try #require(goldens.metadata[key].flatMap(Double.init)) }

  func condition(_ name: String, on device: any ComputeDevice) throws -> TextCondition {
    let text = try goldens.tensor("\(name)/text")
    return TextCondition(
      states: try device.upload(text.reshaped([text.shape[1], text.shape[2]]), as: device.activationType),
      pooled: try device.upload(goldens.tensor("\(name)/pooled"), as: device.activationType),
      validTokens: Int(try goldens.integers("\(name)/valid")[0]))
  }

  /// - Parameter trueScale: The scale of classifier-free guidance beside the embedded one.
  func generate(
    trueScale: Double, on device: any ComputeDevice, eachStep: (Int, Tensor) throws -> Void = { _, _ in }
  ) throws -> Tensor {
    let pipeline = try VideoPipeline(directory: ModelDirectory(Fixtures.model("hunyuan-video")), device: device)
    let guidance = Guidance(scale: trueScale, embedded: try setting("guidance"))
    var loop = try pipeline.denoising(
      with: pipeline.model.loadDenoiser(on: device),
      conditions: .init(
        prompt: condition("prompt", on: device), negative: guidance.isOn ? condition("negative", on: device) : nil),
      size: pipelineSize, steps: Int(setting("steps")), guidance: guidance, seed: UInt64(setting("seed")),
      attention: DenseAttention(device: device))
    while !loop.isFinished {
      try loop.advance()
      try eachStep(loop.nextStep - 1, loop.latents)
    }
    return loop.latents
  }

  @Test(arguments: TestDevice.allCases)
  func `a generation follows that of diffusers step by step, to the frames`(kind: TestDevice) throws {
    let device = kind.device
    let latents = try generate(trueScale: 1, on: device) { step, latents in
      let error = try relativeError(latents, goldens.tensor("plain/step\(step)"))
      #expect(error <= GenerationParityTests.bound, "step \(step)")
    }
    #expect(try relativeError(latents, goldens.tensor("plain/latents")) <= GenerationParityTests.bound)
    let model = try VideoModelRegistry.model(in: ModelDirectory(Fixtures.model("hunyuan-video")))
    let frames = try model.loadDecoder(on: device).decode(
      model.decodableLatents(latents, for: pipelineSize), tiled: false
    ) { _ in }
    #expect(frames.shape == [pipelineSize.frames, pipelineSize.height, pipelineSize.width, 3])
    #expect(try relativeError(frames, goldens.tensor("plain/frames")) <= GenerationParityTests.bound)
  }

  @Test(arguments: RoughDevice.allCases)
  func `a generation in bfloat16 errs at most twice as much as that of diffusers, step by step, to the frames`(
    kind: RoughDevice
  ) throws {
    let device = try kind.device
    let latents = try generate(trueScale: 1, on: device) { step, latents in
      let error = try relativeError(latents, goldens.tensor("plain/step\(step)"))
      #expect(try error <= roughBound("plain/step\(step)"), "step \(step)")
    }
    let model = try VideoModelRegistry.model(in: ModelDirectory(Fixtures.model("hunyuan-video")))
    let frames = try model.loadDecoder(on: device).decode(
      model.decodableLatents(latents, for: pipelineSize), tiled: false
    ) { _ in }
    // Middle gray is taken off, as it is for the error of diffusers: the mean of the colors would hide errors.
    func centered(_ frames: Tensor) -> Tensor { Tensor(frames.floats().map { $0 - 0.5 }, shape: frames.shape) }
    let error = try relativeError(centered(frames), centered(goldens.tensor("plain/frames")))
    #expect(try error <= roughBound("plain/frames"))
    let guided = try generate(trueScale: setting("true_scale"), on: device)
    #expect(try relativeError(guided, goldens.tensor("true/latents")) <= roughBound("true/latents"))
  }

  /// Twice diffusers' relative L2 error in bfloat16.
  private func roughBound(_ name: String) throws -> Double {
    2 * Double(try #require(goldens.tensor("\(name)_bfloat16_error").floats().first))
  }

  @Test func `classifier-free guidance beside the embedded one does what it does in diffusers`() throws {
    let latents = try generate(trueScale: setting("true_scale"), on: TestDevice.cpu.device)
    #expect(try relativeError(latents, goldens.tensor("true/latents")) <= GenerationParityTests.bound)
  }
}
