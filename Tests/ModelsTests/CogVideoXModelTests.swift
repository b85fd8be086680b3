import Attention
import Checkpoint
import Compute
import Foundation
import Tensor
import TestSupport
import Testing

@testable import Models

@Suite struct CogVideoXModelTests {
  /// A copy of a fixture whose files may be changed; removed when the body returns.
  func withCopy<Result>(of name: String, _ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "svgen-\(UUID().uuidString)")
    try FileManager.default.copyItem(at: Fixtures.model(name), to: folder)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }

  func edit(_ file: URL, _ change: (inout [String: Any]) -> Void) throws {
    var object = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    change(&object)
    try JSONSerialization.data(withJSONObject: object).write(to: file)
  }

  @Test(arguments: ["cogvideox-2b", "cogvideox-5b", "cogvideox-1.5", "cogvideox-learned"])
  func `a fixture is recognized and described`(name: String) throws {
    let model = try VideoModelRegistry.model(in: ModelDirectory(Fixtures.model(name)))
    let description = model.description
    #expect(description.family == (name == "cogvideox-1.5" ? "CogVideoX 1.5" : "CogVideoX"))
    #expect(description.weightBytes.values.allSatisfy { $0 > 1000 })
    try model.sizeRule.check(description.defaultSize)
    let shape = model.latentShape(for: description.defaultSize)
    #expect(shape.rank == 5 && shape[0] == 1)
  }

  @Test(arguments: [
    ("cogvideox-5b", VideoSize(width: 720, height: 480, frames: 49), 13, 1350),
    ("cogvideox-1.5", VideoSize(width: 1360, height: 768, frames: 81), 11, 4080),
  ])
  func `videos of published sizes have the published numbers of tokens`(
    name: String, size: VideoSize, frames: Int, places: Int
  ) throws {
    let layout = try withCopy(of: name) { folder in
      try edit(folder.appending(path: "transformer/config.json")) { config in
        config["max_text_seq_length"] = 226
        config["sample_width"] = 300
        config["sample_height"] = 300
      }
      return try VideoModelRegistry.model(in: ModelDirectory(folder)).layout(for: size)
    }
    #expect(layout == TokenLayout(frames: frames, tokensPerFrame: places, textTokens: 226))
  }

  @Test func `latent frames that pad a video of version 1.5 are cut off before decoding`() throws {
    let model = try VideoModelRegistry.model(in: ModelDirectory(Fixtures.model("cogvideox-1.5")))
    let size = VideoSize(width: 48, height: 32, frames: 9)
    let shape = model.latentShape(for: size)
    #expect(shape == [1, 4, 16, 4, 6])
    let latents = Tensor((0..<shape.count).map(Float.init), shape: shape)
    let decodable = model.decodableLatents(latents, for: size)
    #expect(decodable.shape == [1, 3, 16, 4, 6])
    #expect(decodable.floats().first == Float(16 * 24))
  }

  @Test(arguments: [
    (VideoSize(width: 100, height: 96, frames: 9), "96 and 112"),
    (VideoSize(width: 96, height: 8, frames: 9), "16 and 32"),
    (VideoSize(width: 96, height: 96, frames: 10), "9 and 13"),
    (VideoSize(width: 96, height: 96, frames: 0), "1 and 5"),
    (VideoSize(width: -16, height: 96, frames: 9), "16 and 32"),
  ])
  func `a size that is not legal is refused with the two nearest`(size: VideoSize, nearest: String) throws {
    let model = try VideoModelRegistry.model(in: ModelDirectory(Fixtures.model("cogvideox-5b")))
    let error = try #require(throws: ModelError.self) { try model.sizeRule.check(size) }
    #expect(error.code == .illegalSize)
    #expect(error.message.contains(nearest), "\(error)")
  }

  @Test func `a model with learned positions makes one size only`() throws {
    let model = try VideoModelRegistry.model(in: ModelDirectory(Fixtures.model("cogvideox-learned")))
    var size = model.description.defaultSize
    try model.sizeRule.check(size)
    size.frames += 4
    let error = try #require(throws: ModelError.self) { try model.sizeRule.check(size) }
    #expect(error.code == .illegalSize)
  }

  @Test(arguments: [
    ("transformer", "activation_fn", "geglu"), ("transformer", "num_layers", "-1"),
    ("transformer", "attention_head_dim", "20"), ("transformer", "in_channels", "5"), ("vae", "out_channels", "4"),
    ("vae", "norm_num_groups", "7"), ("vae", "scaling_factor", "0"), ("vae", "temporal_compression_ratio", "3"),
    ("vae", "act_fn", "relu"), ("text_encoder", "feed_forward_proj", "gated-silu"), ("text_encoder", "d_model", "0"),
    ("transformer", "num_layers", "100000"), ("transformer", "num_attention_heads", "100000"),
    ("transformer", "patch_size", "65"), ("vae", "layers_per_block", "100000"),
    ("vae", "temporal_compression_ratio", "1e300"), ("text_encoder", "vocab_size", "1e9"),
  ])
  func `a configuration with an impossible value is refused by name`(
    component: String, key: String, value: String
  ) throws {
    try withCopy(of: "cogvideox-5b") { folder in
      try edit(folder.appending(path: "\(component)/config.json")) { config in
        if let number = Double(value) { config[key] = number } else { config[key] = value }
      }
      let error = #expect(throws: (any Error).self) { try VideoModelRegistry.model(in: ModelDirectory(folder)) }
      let message = "\(try #require(error))"
      #expect(error is ModelError || error is CheckpointError)
      #expect(message.contains(key), "\(message)")
    }
  }

  @Test func `the largest sizes that a configuration may have can be counted`() throws {
    try withCopy(of: "cogvideox-5b") { folder in
      try edit(folder.appending(path: "transformer/config.json")) { config in
        for key in ["num_layers", "sample_width", "sample_height", "sample_frames"] { config[key] = 1 << 16 }
        (config["num_attention_heads"], config["attention_head_dim"]) = (1 << 8, 1 << 8)
      }
      let model = try VideoModelRegistry.model(in: ModelDirectory(folder))
      let transformer = try #require(model.networks.first { $0.role == .transformer })
      #expect(transformer.parameters > 1 << 50)
      // Every one is allowed, but not a width of all heads beyond that of any other size.
      try edit(folder.appending(path: "transformer/config.json")) { config in config["num_attention_heads"] = 257 }
      let error = #expect(throws: ModelError.self) { try VideoModelRegistry.model(in: ModelDirectory(folder)) }
      #expect(error?.message.contains("257 heads of 256, together more than 65536") == true)
    }
  }

  @Test(arguments: ["d_model", "d_ff", "num_layers", "vocab_size"])
  func `a configuration without a value that has no default is refused by name`(key: String) throws {
    let component = "text_encoder"
    try withCopy(of: "cogvideox-5b") { folder in
      try edit(folder.appending(path: "\(component)/config.json")) { $0[key] = nil }
      let error = try #require(throws: CheckpointError.self) {
        try VideoModelRegistry.model(in: ModelDirectory(folder))
      }
      #expect(error.code == .missingKey)
      #expect(error.message.contains(key) && error.message.contains("\(component)/config.json"), "\(error)")
    }
  }

  @Test(arguments: pipelineFixtures) func `the weights that a plan counts are those that are loaded`(
    name: String
  ) throws {
    let tiny = TinyModel(name: name, device: CPUDevice(threads: 1, activationType: .float32))
    let model = try VideoModelRegistry.model(in: ModelDirectory(Fixtures.model(name)))
    func count(
      _ component: String, _ file: String = "diffusion_pytorch_model", load: (LayerLoader) throws -> Void
    ) throws
      -> Int
    {
      let weights = try tiny.weights(component, file)
      try load(weights)
      let checkpoint = try Checkpoint(folder: Fixtures.model(name).appending(path: component), name: file)
      return Set(checkpoint.names).subtracting(weights.scope.unusedNames).reduce(0) {
        $0 + (checkpoint.entry(named: $1)?.shape.count ?? 0)
      }
    }
    func planned(_ role: ModelNetwork.Role) -> Int {
      model.networks.filter { $0.role == role }.reduce(0) { $0 + $1.loadedParameters }
    }
    let text = try tiny.configuration("text_encoder", as: T5Configuration.self)
    let encoding = try count("text_encoder", "model") { _ = try T5Encoder(text, weights: $0) }
    // The table of embeddings is read in its file.
    #expect(planned(.textEncoder) == encoding - text.vocabulary * text.modelWidth)
    let denoising = try count("transformer") {
      _ = try CogVideoXTransformer(
        tiny.configuration("transformer", as: CogVideoXTransformerConfiguration.self), weights: $0)
    }
    #expect(planned(.transformer) == denoising)
    let decoding = try count("vae") {
      _ = try CogVideoXDecoder(tiny.configuration("vae", as: CogVideoXAutoencoderConfiguration.self), weights: $0)
    }
    #expect(planned(.decoder) == decoding)
  }

  @Test(arguments: imageFixtures) func `the weights that a plan counts of an image encoder are those that are loaded`(
    name: String
  ) throws {
    let model = try VideoModelRegistry.model(in: ModelDirectory(Fixtures.model(name)))
    let checkpoint = try Checkpoint(
      folder: Fixtures.model(name).appending(path: "vae"), name: "diffusion_pytorch_model")
    let stored = checkpoint.names.filter { $0.hasPrefix("encoder.") || $0.hasPrefix("quant_conv.") }
      .compactMap { checkpoint.entry(named: $0)?.shape.count }.reduce(0, +)
    #expect(try #require(model.imageConditioning).parameters == stored)
  }

  @Test(arguments: [1, 2]) func `an image is encoded in the memory that a plan counts`(scale: Int) throws {
    let device = CPUDevice(threads: 1, activationType: .float32)
    let model = try VideoModelRegistry.model(in: ModelDirectory(Fixtures.model("cogvideox-5b-i2v")))
    let conditioning = try #require(model.imageConditioning)
    let encoder = try conditioning.loadImageEncoder(on: device)
    let size = VideoSize(width: 320 * scale, height: 192 * scale, frames: 9)
    let before = device.memory.peak
    let gray = [Float](repeating: 0.5, count: size.height * size.width * 3)
    _ = try encoder.encode(Tensor(gray, shape: [size.height, size.width, 3]), tiled: false)
    let planned = conditioning.workingBytes(for: size, tiled: false, activations: .float32)
    // Blocks are up to an eighth larger than tensors; sums of slabs come on top, and the image itself.
    let image = size.height * size.width * 3 * 4
    #expect(device.memory.peak > planned && device.memory.peak > before)
    #expect(device.memory.peak < planned * 5 / 4 + 2 * image + before, "\(device.memory.peak) of \(planned)")
  }

  @Test func `a tensor of the wrong shape is named, with both shapes`() throws {
    try withCopy(of: "cogvideox-5b") { folder in
      try edit(folder.appending(path: "transformer/config.json")) { $0["time_embed_dim"] = 17 }
      let model = try VideoModelRegistry.model(in: ModelDirectory(folder))
      let error = try #require(throws: CheckpointError.self) { try model.loadDenoiser(on: ReferenceDevice()) }
      #expect(error.code == .wrongShape)
      #expect(error.message.contains("time_embedding.linear_1"), "\(error)")
    }
  }

  @Test func `latents that do not fit or are not finite are refused before they are decoded`() throws {
    let device = ReferenceDevice()
    let decoder = try VideoModelRegistry.model(in: ModelDirectory(Fixtures.model("cogvideox-5b")))
      .loadDecoder(on: device)
    let wrong = try #require(throws: ModelError.self) {
      try decoder.decode(Tensor([0, 0] as [Float], shape: [1, 1, 2, 1, 1]), tiled: false) { _ in }
    }
    #expect(wrong.code == .wrongLatents)
    var values = [Float](repeating: 0, count: 4 * 6)
    values[7] = .nan
    let notFinite = try #require(throws: ModelError.self) {
      try decoder.decode(Tensor(values, shape: [1, 1, 4, 2, 3]), tiled: false) { _ in }
    }
    #expect(notFinite.code == .notFinite)
  }
}
