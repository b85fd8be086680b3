import Checkpoint
import Compute
import Foundation
import Tensor
import TestSupport
import Testing

@testable import Models

/// The text encoders of HunyuanVideo against what `HunyuanVideoPipeline` makes of the same prompts: `published` has the
/// files of the published model, `modern` those that transformers 5 saves, and Llama 3's slowed rotation.
@Suite struct HunyuanVideoTextTests {
  static let variants = ["published", "modern"]

  private func directory(_ variant: String) throws -> ModelDirectory {
    try ModelDirectory(Fixtures.model("hunyuanvideo-text-\(variant)"))
  }

  private func goldens(_ variant: String) throws -> (goldens: Goldens, prompts: [String]) {
    let goldens = try Goldens("hunyuanvideo-text-\(variant)/text")
    let prompts = try #require(goldens.metadata["prompts"])
    return (goldens, try JSONDecoder().decode([String].self, from: Data(prompts.utf8)))
  }

  @Test(arguments: variants, TestDevice.allCases)
  func `prompts become the states that diffusers gives, for valid tokens`(variant: String, kind: TestDevice) throws {
    let device = kind.device
    let encoder = try HunyuanVideoTextEncoder(directory: directory(variant), device: device)
    let (goldens, prompts) = try goldens(variant)
    let pooled = try goldens.tensor("pooled")
    for (index, prompt) in prompts.enumerated() {
      let expected = try goldens.tensor("states/\(index)")
      let condition = try encoder.encode(prompt)
      #expect(condition.validTokens == expected.shape[0] && condition.states.shape == [256, expected.shape[1]])
      let states = try device.download(condition.states)
      // Angles of up to 350 radians are off by 2⁻¹⁶ in float32, as transformers computes them.
      #expect(relativeError(states.slice(0..<condition.validTokens), expected) <= 1e-4, "\(prompt.prefix(40))")
      #expect(states.slice(condition.validTokens..<256).floats().allSatisfy { $0 == 0 })
      let vector = try device.download(#require(condition.pooled))
      #expect(vector.shape == [pooled.shape[1]])
      #expect(relativeError(vector, pooled.slice(index..<index + 1)) <= 1e-4, "\(prompt.prefix(40))")
    }
  }

  @Test(arguments: variants, RoughDevice.allCases)
  func `states in bfloat16 are at most twice as far off as those of diffusers`(
    variant: String, kind: RoughDevice
  ) throws {
    let device = try kind.device
    let encoder = try HunyuanVideoTextEncoder(directory: directory(variant), device: device)
    let (goldens, prompts) = try goldens(variant)
    var (states, expected, pooled): ([Float], [Float], [Float]) = ([], [], [])
    for (index, prompt) in prompts.enumerated() {
      let condition = try encoder.encode(prompt)
      states += try device.download(condition.states.slice(0..<condition.validTokens)).floats()
      expected += try goldens.tensor("states/\(index)").floats()
      pooled += try device.download(#require(condition.pooled)).floats()
    }
    func bound(_ name: String) throws -> Double {
      2 * Double(try #require(goldens.tensor("\(name)_bfloat16_error").floats().first))
    }
    let error = relativeError(Tensor(states, shape: [states.count]), Tensor(expected, shape: [expected.count]))
    #expect(try error <= bound("states"))
    #expect(try relativeError(Tensor(pooled, shape: [pooled.count]), goldens.tensor("pooled")) <= bound("pooled"))
  }

  @Test func `a prompt that is too long loses its end and says so, without the text around it`() throws {
    let encoder = try HunyuanVideoTextEncoder(directory: directory("published"), device: ReferenceDevice())
    let prompt = String(repeating: "a small blue star. ", count: 100)
    let long = try encoder.encode(prompt)
    #expect(long.validTokens == 256 && long.truncatedTokens > 0)
    #expect(prompt.hasSuffix(long.truncatedText) && !long.truncatedText.isEmpty)
    let short = try encoder.encode("a small blue star.")
    #expect(short.validTokens < 256 && short.truncatedTokens == 0 && short.truncatedText.isEmpty)
  }

  @Test func `layers behind the wanted states are not loaded`() throws {
    let folder = try directory("published").url.appending(path: "text_encoder")
    let checkpoint = try Checkpoint(folder: folder, name: "model")
    let configuration = try ConfigurationFile(folder.appending(path: "config.json")).decode(
      LlamaConfiguration.self, keys: .asWritten)
    _ = try LlamaEncoder(
      configuration, skippedLayers: 2, weights: LayerLoader(device: ReferenceDevice(), scope: checkpoint.scope))
    #expect(configuration.layers == 5)
    #expect(!checkpoint.unusedNames.isEmpty)
    for name in checkpoint.unusedNames {
      #expect(name == "norm.weight" || name.hasPrefix("layers.3.") || name.hasPrefix("layers.4."), "\(name)")
    }
    #expect(checkpoint.unusedNames.count == 1 + 2 * 9)
  }

  @Test func `the pooled state is that of the first closing token, or of the largest id in old configurations`() throws
  {
    let folder = try TemporaryModel("hunyuanvideo-text-modern")
    func position(_ closing: Int, _ ids: [Int32]) throws -> Int {
      try folder.replace("text_encoder_2/config.json", #""eos_token_id": \d+"#, #""eos_token_id": \#(closing)"#)
      return try HunyuanVideoTextEncoder.configurations(in: folder.directory()).clip.pooledPosition(ids)
    }
    #expect(try position(7, [9, 3, 7, 7, 8]) == 2)
    #expect(try position(6, [9, 3, 7, 7, 8]) == 0)
    #expect(try position(2, [5, 3, 9, 9, 2]) == 2)
  }

  @Test func `angles are slowed where pairs turn rarely, and blended between`() {
    let plain = LlamaRotation(base: 10000, scaling: nil).frequencies(headDimension: 8)
    for (found, wanted) in zip(plain, [1, 0.1, 0.01, 0.001]) { #expect(abs(found - wanted) <= 1e-12) }
    // The pairs turn 100, 10, 1 and 0.1 times over the length.
    let scaling = LlamaRotation.Scaling(factor: 4, low: 4, high: 16, length: 200 * Double.pi)
    let slowed = LlamaRotation(base: 10000, scaling: scaling).frequencies(headDimension: 8)
    for (found, wanted) in zip(slowed, [1, 0.1 * (0.5 + 0.5 / 4), 0.0025, 0.00025]) {
      #expect(abs(found - wanted) <= 1e-12)
    }
  }

  @Test(arguments: [
    ("text_encoder/config.json", #""hidden_act": "silu""#, #""hidden_act": "relu""#, "silu"),
    ("text_encoder/config.json", #""num_hidden_layers": 5"#, #""num_hidden_layers": 2"#, "2 layers"),
    ("text_encoder/config.json", #""num_key_value_heads": 2"#, #""num_key_value_heads": 3"#, "num_key_value_heads"),
    ("text_encoder/config.json", #""head_dim": 8"#, #""head_dim": 7"#, "head_dim"),
    ("text_encoder/config.json", #""rope_type": "llama3""#, #""rope_type": "yarn""#, "yarn"),
    ("text_encoder/config.json", #""rope_theta": 500000.0"#, #""rope_theta": 0"#, "rope_theta"),
    ("text_encoder/config.json", #""factor": 8.0"#, #""factor": 0.5"#, "factor"),
    ("text_encoder/config.json", #""hidden_size": 32"#, #""hidden_size": -32"#, "hidden_size"),
    ("text_encoder_2/config.json", #""hidden_act": "gelu""#, #""hidden_act": "silu""#, "quick_gelu"),
    ("text_encoder_2/config.json", #""num_attention_heads": 3"#, #""num_attention_heads": 5"#, "num_attention_heads"),
    ("text_encoder_2/config.json", #""max_position_embeddings": 77"#, #""max_position_embeddings": 76"#, "76 tokens"),
    ("text_encoder_2/config.json", #""eos_token_id": \d+"#, #""eos_token_id": [1, 2]"#, "eos_token_id"),
    ("model_index.json", "LlamaModel", "GemmaModel", "GemmaModel"),
  ])
  func `configurations that cannot be followed are refused`(
    file: String, old: String, new: String, part: String
  ) throws {
    let folder = try TemporaryModel("hunyuanvideo-text-modern")
    _ = try HunyuanVideoTextEncoder.configurations(in: folder.directory())
    try folder.replace(file, old, new)
    #expect { try HunyuanVideoTextEncoder.configurations(in: folder.directory()) } throws: { error in
      (error is ModelError || error is CheckpointError) && "\(error)".contains(part)
    }
  }

  @Test(arguments: [
    ("text_encoder/config.json", #""vocab_size": \d+"#, #""vocab_size": 1000"#, "vocab_size of 1000"),
    ("text_encoder/config.json", #""vocab_size": \d+"#, #""vocab_size": 2000"#, "embed_tokens.weight"),
    ("text_encoder_2/config.json", #""vocab_size": \d+"#, #""vocab_size": 1000"#, "vocab_size of 1000"),
    ("text_encoder/config.json", #""intermediate_size": 48"#, #""intermediate_size": 40"#, "gate_proj"),
    ("text_encoder/config.json", #""attention_bias": false"#, #""attention_bias": true"#, "q_proj.bias"),
    ("tokenizer/tokenizer_config.json", #""padding_side": ?"right""#, #""padding_side": "left""#, "padding_side"),
  ])
  func `weights and tokenizers that do not go together are refused`(
    file: String, old: String, new: String, part: String
  ) throws {
    let folder = try TemporaryModel("hunyuanvideo-text-modern")
    try folder.replace(file, old, new)
    #expect { try HunyuanVideoTextEncoder(directory: folder.directory(), device: ReferenceDevice()) } throws: {
      "\($0)".contains(part)
    }
  }

  @Test(arguments: ["text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2"])
  func `a missing component is named`(component: String) throws {
    let folder = try TemporaryModel("hunyuanvideo-text-published")
    try FileManager.default.removeItem(at: folder.url.appending(path: component))
    #expect { try HunyuanVideoTextEncoder(directory: folder.directory(), device: ReferenceDevice()) } throws: {
      ($0 as? CheckpointError)?.code == .missingComponent && "\($0)".contains("/\(component)")
    }
  }
}

/// A copy of a fixture that a test may damage; deleted when the test is over.
final class TemporaryModel {
  let url: URL

  init(_ name: String) throws {
    url = FileManager.default.temporaryDirectory.appending(path: "model-\(UUID().uuidString)")
    try FileManager.default.copyItem(at: Fixtures.model(name), to: url)
  }

  func directory() throws -> ModelDirectory { try ModelDirectory(url) }

  /// Replaces what a regular expression finds in a file; it must find something.
  func replace(_ file: String, _ pattern: String, _ replacement: String) throws {
    let place = url.appending(path: file)
    let text = try String(contentsOf: place, encoding: .utf8)
    let changed = text.replacing(try Regex(pattern), with: replacement)
    try #require(changed != text || text.contains(replacement), "\(file) holds no \(pattern)")
    try changed.write(to: place, atomically: true, encoding: .utf8)
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}
