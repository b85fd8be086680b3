import Attention
import Checkpoint
import Compute
import Foundation
import Tensor
import TestSupport
import Testing

@testable import Models

@Suite struct HunyuanVideoModelTests {
  private let tools = CogVideoXModelTests()

  @Test func `the fixture is recognized and described`() throws {
    let model = try VideoModelRegistry.model(in: ModelDirectory(Fixtures.model("hunyuan-video")))
    let description = model.description
    #expect(description.family == "HunyuanVideo")
    #expect(description.layers == 3 && description.heads == 2 && description.headDimension == 32)
    #expect(description.guidanceKind == .embedded)
    let size = VideoSize(width: 48, height: 32, frames: 9)
    try model.sizeRule.check(size)
    #expect(model.latentShape(for: size) == [1, 3, 4, 4, 6])
    #expect(
      model.layout(for: size)
        == TokenLayout(frames: 3, tokensPerFrame: 6, textTokens: 256, textPlacement: .last))
  }

  @Test(arguments: [
    ("transformer", "qk_norm", "layer_norm"), ("transformer", "rope_axes_dim", "[8, 12, 13]"),
    ("transformer", "image_condition_type", "latent_concat"), ("transformer", "num_layers", "-1"),
    ("transformer", "attention_head_dim", "20"), ("transformer", "in_channels", "5"),
    ("transformer", "patch_size_t", "2"), ("transformer", "text_embed_dim", "33"),
    ("transformer", "pooled_projection_dim", "25"), ("transformer", "mlp_ratio", "0"),
    ("transformer", "rope_theta", "0"), ("vae", "out_channels", "4"), ("vae", "norm_num_groups", "7"),
    ("vae", "scaling_factor", "0"), ("vae", "temporal_compression_ratio", "8"),
    ("vae", "spatial_compression_ratio", "16"), ("vae", "act_fn", "relu"),
  ])
  func `a configuration with an impossible value is refused by name`(
    component: String, key: String, value: String
  ) throws {
    try tools.withCopy(of: "hunyuan-video") { folder in
      try tools.edit(folder.appending(path: "\(component)/config.json")) { config in
        config[key] = (try? JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)) ?? value
      }
      let error = #expect(throws: (any Error).self) { try VideoModelRegistry.model(in: ModelDirectory(folder)) }
      let message = "\(try #require(error))"
      #expect(error is ModelError || error is CheckpointError)
      #expect(message.contains(key), "\(message)")
    }
  }

  @Test func `a tensor of the wrong shape is named, with both shapes`() throws {
    try tools.withCopy(of: "hunyuan-video") { folder in
      try tools.edit(folder.appending(path: "transformer/config.json")) { $0["mlp_ratio"] = 3 }
      let model = try VideoModelRegistry.model(in: ModelDirectory(folder))
      let error = try #require(throws: CheckpointError.self) { try model.loadDenoiser(on: ReferenceDevice()) }
      #expect(error.code == .wrongShape)
      #expect(error.message.contains("transformer_blocks.0.ff.net.0.proj"), "\(error)")
    }
  }

  @Test(arguments: [
    (1, [0..<1]), (4, [0..<4]), (5, [0..<5, 3..<5]), (7, [0..<5, 3..<7]), (8, [0..<5, 3..<8, 6..<8]),
  ])
  func `pieces of time overlap, and one that would show nothing is left out`(frames: Int, ranges: [Range<Int>]) {
    #expect(TimePieces(length: 16, stride: 12, compression: 4).ranges(frames: frames) == ranges)
  }

  @Test func `pieces of time cover any number of frames and fade over what they share`() throws {
    let pieces = TimePieces(length: 16, stride: 12, compression: 4)
    for frames in 1...40 {
      // Each piece is as bright as its number.
      var number: Float = -1
      let latents = Tensor([Float](repeating: 0, count: frames), shape: [frames, 1, 1, 1])
      let result = try pieces.decode(latents) { piece, _ in
        number += 1
        let count = (piece.shape[0] - 1) * 4 + 1
        return Tensor([Float](repeating: number, count: count * 3), shape: [count, 1, 1, 3])
      }
      #expect(result.shape == [frames * 4 - 3, 1, 1, 3])
      let values = result.floats()
      #expect(values == values.sorted(), "\(frames) latent frames")
      if frames == 8 { #expect(values[14 * 3] == 0.25 && values[16 * 3] == 0.75 && values[17 * 3] == 1) }
    }
  }

  @Test(arguments: ["hunyuanvideo-text-published", "hunyuanvideo-text-modern"])
  func `the parameters of the text encoders are those of their files`(name: String) throws {
    let text = try HunyuanVideoTextEncoder.configurations(in: ModelDirectory(Fixtures.model(name)))
    // Of the last norm the states between layers know nothing.
    let llama = text.llama.parameters(layers: text.llama.layers) + text.llama.width
    #expect(try llama == stored(name, "text_encoder", "model", prefixes: [""]))
    #expect(try text.clip.parameters == stored(name, "text_encoder_2", "model", prefixes: [""]))
  }

  /// The parameters that the transformer, and the decoder with what comes before it, have in a file.
  private func stored(_ name: String, _ component: String, _ file: String, prefixes: [String]) throws -> Int {
    let checkpoint = try Checkpoint(folder: Fixtures.model(name).appending(path: component), name: file)
    return checkpoint.names.filter { name in prefixes.contains { name.hasPrefix($0) } }
      .compactMap { checkpoint.entry(named: $0)?.shape.count }.reduce(0, +)
  }

  @Test(arguments: ["cogvideox-2b", "cogvideox-5b", "cogvideox-1.5", "cogvideox-learned", "hunyuan-video"])
  func `the parameters that configurations call for are those of the files`(name: String) throws {
    let model = try VideoModelRegistry.model(in: ModelDirectory(Fixtures.model(name)))
    for network in model.networks {
      switch network.role {
      case .transformer:
        // Sinusoidal and learned positions may be stored; the learned ones are weights.
        let all = try stored(name, network.component, "diffusion_pytorch_model", prefixes: [""])
        #expect(network.parameters == all, "\(name)")
      case .decoder:
        let decoder = try stored(
          name, network.component, "diffusion_pytorch_model", prefixes: ["decoder.", "post_quant_conv."])
        #expect(network.parameters == decoder, "\(name)")
      case .textEncoder:
        guard model.description.weightBytes[network.component] != 0 else { continue }
        #expect(try network.parameters == stored(name, network.component, "model", prefixes: [""]), "\(name)")
      }
    }
  }
}
