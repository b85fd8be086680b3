import Attention
import Compute
import Tensor
import TestSupport
import Testing

@testable import Models

/// HunyuanVideo's networks against what diffusers computes with the same weights, stage by stage.
///
/// In float32 a stage of a tiny network stays within 1e-5 of the golden, and 1e-4 is the bound; see
/// ``NetworkParityTests``.
@Suite struct HunyuanVideoParityTests {
  static let name = "hunyuan-video"
  static let bound = NetworkParityTests.bound

  func transformer(on device: any ComputeDevice) throws -> HunyuanVideoTransformer {
    let model = TinyModel(name: Self.name, device: device)
    return try HunyuanVideoTransformer(
      model.configuration("transformer", as: HunyuanVideoTransformerConfiguration.self),
      weights: model.weights("transformer"))
  }

  func decoder(on device: any ComputeDevice, tiling: TileGeometry? = nil) throws -> HunyuanVideoDecoder {
    let model = TinyModel(name: Self.name, device: device)
    return try HunyuanVideoDecoder(
      model.configuration("vae", as: HunyuanVideoAutoencoderConfiguration.self), weights: model.weights("vae"),
      tiling: tiling)
  }

  /// Runs a case of the goldens.
  /// - Parameter padding: What the rows of padding hold; those of the golden when `nil`.
  func predict(
    _ name: String, attention: any AttentionMechanism, padding: Float? = nil, on device: any ComputeDevice
  ) throws -> Tensor {
    let goldens = try Goldens("hunyuan-video/transformer")
    let text = try goldens.tensor("\(name)/text")
    let valid = Int(try goldens.integers("\(name)/valid")[0])
    var states = text.floats()
    if let padding {
      for index in valid * text.shape[2]..<states.count { states[index] = padding }
    }
    let condition = TextCondition(
      states: try device.upload(Tensor(states, shape: [text.shape[1], text.shape[2]]), as: device.activationType),
      pooled: try device.upload(goldens.tensor("\(name)/pooled"), as: device.activationType), validTokens: valid)
    return try transformer(on: device).predict(
      DenoiserInput(
        latents: goldens.tensor("\(name)/latents"),
        timestep: try #require(goldens.metadata["timestep"].flatMap(Float.init)), text: condition,
        guidance: goldens.metadata["guidance"].flatMap(Float.init)),
      attention: attention, step: 0, sample: 0
    ).resolved()
  }

  @Test(arguments: ["one", "full", "other"], TestDevice.allCases)
  func `the transformer predicts what diffusers predicts, with padded text, full text and one token of text`(
    name: String, kind: TestDevice
  ) throws {
    let device = kind.device
    let output = try predict(name, attention: DenseAttention(device: device), on: device)
    #expect(try relativeError(output, Goldens("hunyuan-video/transformer").tensor("\(name)/output")) <= Self.bound)
  }

  @Test(arguments: TestDevice.allCases)
  func `what padding holds changes nothing`(kind: TestDevice) throws {
    let device = kind.device
    let attention = DenseAttention(device: device)
    let expected = try predict("one", attention: attention, on: device).floats()
    for padding: Float in [0, 1000, .nan] {
      #expect(try predict("one", attention: attention, padding: padding, on: device).floats() == expected)
    }
  }

  @Test(arguments: TestDevice.allCases)
  func `the refined text is that of diffusers`(kind: TestDevice) throws {
    let device = kind.device
    let goldens = try Goldens("hunyuan-video/transformer")
    let model = TinyModel(name: Self.name, device: device)
    let refiner = try HunyuanVideoTextRefiner(
      model.configuration("transformer", as: HunyuanVideoTransformerConfiguration.self),
      weights: model.weights("transformer")["context_embedder"])
    let (text, expected) = (try goldens.tensor("one/text"), try goldens.tensor("one/refined"))
    let states = text.reshaped([text.shape[1], text.shape[2]]).slice(0..<expected.shape[1])
    let refined = try refiner.run(
      device.upload(states, as: device.activationType),
      timestep: #require(goldens.metadata["timestep"].flatMap(Float.init)))
    #expect(try relativeError(device.download(refined), expected) <= Self.bound)
  }

  @Test(arguments: TestDevice.allCases)
  func `attention of a dual and of a single layer gives what diffusers computes, real tokens only`(
    kind: TestDevice
  ) throws {
    let device = kind.device
    let goldens = try Goldens("hunyuan-video/transformer")
    let recorder = RecordingAttention(device: device)
    _ = try predict("one", attention: recorder, on: device)
    // One dual layer and two single ones.
    try #require(recorder.outputs.count == 3)
    for (index, name) in [(0, "dual0_heads"), (1, "single0_heads")] {
      let expected = try goldens.tensor("one/\(name)")
      let heads = recorder.outputs[index].slice(0..<expected.shape[1])
      #expect(relativeError(heads, expected) <= Self.bound, "\(name)")
    }
  }

  @Test func `rotations are those of diffusers, also for the published heads`() throws {
    let goldens = try Goldens("hunyuan-video/transformer")
    func check(_ table: (cosine: Tensor, sine: Tensor), _ name: String, rows: [Int]) throws {
      for (tensor, golden) in [(table.cosine, "cos"), (table.sine, "sin")] {
        // The reference has each value twice.
        let expected = try goldens.tensor("\(name)/\(golden)").floats().enumerated()
          .compactMap { $0.offset % 2 == 0 ? $0.element : nil }
        let values = rows.flatMap { tensor.slice($0..<$0 + 1).floats() }
        try #require(values.count == expected.count)
        #expect(zip(values, expected).allSatisfy { abs($0 - $1) < PositionTests.bound })
      }
    }
    let tiny = TokenGrid(frames: 3, height: 2, width: 3)
    try check(
      HunyuanVideoPositions(dimensions: [8, 12, 12], base: 256).rotary(tiny), "one", rows: Array(0..<tiny.count))
    let published = HunyuanVideoPositions(dimensions: [16, 56, 56], base: 256)
    try check(
      published.rotary(TokenGrid(frames: 5, height: 11, width: 20)), "published",
      rows: goldens.integers("published/rows").map(Int.init))
  }

  @Test(arguments: [1, 2, 4, 5, 7], TestDevice.allCases)
  func `the decoder gives the frames that diffusers gives, at once and in pieces of time`(
    frames: Int, kind: TestDevice
  ) throws {
    let device = kind.device
    let goldens = try Goldens("hunyuan-video/vae")
    let decoder = try decoder(on: device)
    let latents = try pipelineLatents(
      goldens.tensor("frames\(frames)/latents"), scalingFactor: decoder.scalingFactor)
    let output = try decoder.decode(latents, tiled: false) { _ in }
    #expect(output.shape == [4 * frames - 3, 16, 24, 3])
    #expect(try relativeError(output, rgb(goldens.tensor("frames\(frames)/output"))) <= Self.bound)
  }

  @Test(arguments: TestDevice.allCases)
  func `tiles of frames in pieces of time are cut and blended as diffusers does`(kind: TestDevice) throws {
    let device = kind.device
    let goldens = try Goldens("hunyuan-video/vae")
    func setting(_ key: String) throws -> Int { try #require(goldens.metadata[key].flatMap(Int.init)) }
    let (height, width) = (try setting("tile_sample_min_height"), try setting("tile_sample_min_width"))
    var tiling = TileGeometry(height: height, width: width, compression: 8)
    tiling.verticalOverlap = 1 - Double(try setting("tile_sample_stride_height")) / Double(height)
    tiling.horizontalOverlap = 1 - Double(try setting("tile_sample_stride_width")) / Double(width)
    let decoder = try decoder(on: device, tiling: tiling)
    let latents = try pipelineLatents(goldens.tensor("tiled/latents"), scalingFactor: decoder.scalingFactor)
    var fractions: [Double] = []
    let tiled = try decoder.decode(latents, tiled: true) { fractions.append($0) }
    let stored = try #require(goldens.metadata["tile_frames"]).split(separator: ",").compactMap { Int($0) }
    let expected = try rgb(goldens.tensor("tiled/output"))
    let chosen = stored.flatMap { tiled.slice($0..<$0 + 1).floats() }
    #expect(relativeError(Tensor(chosen, shape: expected.shape), expected) <= Self.bound)
    #expect(fractions == fractions.sorted() && fractions.last == 1)
  }

  @Test(arguments: ["one", "full"], RoughDevice.allCases)
  func `the transformer in bfloat16 errs at most twice as much as diffusers`(name: String, kind: RoughDevice) throws {
    let device = try kind.device
    let goldens = try Goldens("hunyuan-video/transformer")
    let output = try predict(name, attention: DenseAttention(device: device), on: device)
    let error = try relativeError(output, goldens.tensor("\(name)/output"))
    #expect(error <= 2 * Double(try goldens.tensor("\(name)/output_bfloat16_error").floats()[0]))
  }

  @Test(arguments: [2, 5], RoughDevice.allCases)
  func `the decoder in bfloat16 errs at most twice as much as diffusers`(frames: Int, kind: RoughDevice) throws {
    let device = try kind.device
    let goldens = try Goldens("hunyuan-video/vae")
    let decoder = try decoder(on: device)
    let latents = try pipelineLatents(
      goldens.tensor("frames\(frames)/latents"), scalingFactor: decoder.scalingFactor)
    // Middle gray is taken off, as in `BFloat16ParityTests`.
    func centered(_ frames: Tensor) -> Tensor { Tensor(frames.floats().map { $0 - 0.5 }, shape: frames.shape) }
    let output = try centered(decoder.decode(latents, tiled: false) { _ in })
    let expected = try centered(rgb(goldens.tensor("frames\(frames)/output")))
    let bound = 2 * Double(try goldens.tensor("frames\(frames)/output_bfloat16_error").floats()[0])
    #expect(relativeError(output, expected) <= bound)
  }
}
