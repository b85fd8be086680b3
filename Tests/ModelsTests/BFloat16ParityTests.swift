import Attention
import Compute
import Tensor
import TestSupport
import Testing

@testable import Models

/// Networks with bfloat16 activations against float32 goldens: at most twice the error that diffusers makes when it
/// runs in bfloat16 (an error that the goldens hold).
@Suite struct BFloat16ParityTests {
  /// Twice diffusers' relative L2 error.
  func bound(_ goldens: Goldens, _ name: String) throws -> Double {
    2 * Double(try #require(goldens.tensor("\(name)_bfloat16_error").floats().first))
  }

  @Test(arguments: pipelineFixtures, RoughDevice.allCases)
  func `the text encoder`(name: String, kind: RoughDevice) throws {
    let device = try kind.device
    let goldens = try Goldens("\(name)/text")
    guard goldens.names.contains("states_bfloat16_error") else { return }
    let encoder = try TinyModel(name: name, device: device).textEncoder()
    let expected = try goldens.tensor("states")
    let ids = try goldens.integers("ids")
    let count = expected.shape[1]
    let states = try (0..<expected.shape[0]).flatMap { prompt in
      try device.download(encoder.encode(Array(ids[prompt * count..<(prompt + 1) * count]))).floats()
    }
    #expect(try relativeError(Tensor(states, shape: expected.shape), expected) <= bound(goldens, "states"))
  }

  @Test(arguments: pipelineFixtures + ["cogvideox-ofs"], RoughDevice.allCases)
  func `the transformer`(name: String, kind: RoughDevice) throws {
    let device = try kind.device
    let goldens = try Goldens("\(name)/transformer")
    guard goldens.names.contains("one/output_bfloat16_error") else { return }
    let text = try goldens.tensor("one/text")
    let states = try device.upload(text.reshaped([text.shape[1], text.shape[2]]), as: .bfloat16)
    let output = try TinyModel(name: name, device: device).transformer().predict(
      DenoiserInput(
        latents: goldens.tensor("one/latents"), timestep: #require(goldens.metadata["timestep"].flatMap(Float.init)),
        text: TextCondition(states: states, validTokens: states.shape[0])),
      attention: DenseAttention(device: device), step: 0, sample: 0
    ).resolved()
    #expect(try relativeError(output, goldens.tensor("one/output")) <= bound(goldens, "one/output"))
  }

  @Test(arguments: ["cogvideox-2b", "cogvideox-5b", "cogvideox-1.5"], RoughDevice.allCases)
  func `the decoder`(name: String, kind: RoughDevice) throws {
    let device = try kind.device
    let goldens = try Goldens("\(name)/vae")
    guard goldens.names.contains("frames3/output_bfloat16_error") else { return }
    let decoder = try TinyModel(name: name, device: device).decoder()
    let latents = try pipelineLatents(goldens.tensor("frames3/latents"), scalingFactor: decoder.scalingFactor)
    let frames = try decoder.decode(latents, tiled: false) { _ in }
    // From −1…1 to 0…1 differences and the deviation of colors are halved alike; only the mean is moved, so compare
    // what colors differ from middle gray.
    let expected = try rgb(goldens.tensor("frames3/output"))
    #expect(relativeError(centered(frames), centered(expected)) <= (try bound(goldens, "frames3/output")))
  }

  private func centered(_ frames: Tensor) -> Tensor {
    Tensor(frames.floats().map { $0 - 0.5 }, shape: frames.shape)
  }
}
