import Checkpoint
import Compute
import Foundation
import Tensor
import Tokenizer

/// What the configurations of both text encoders say.
struct HunyuanVideoTextConfigurations: Sendable {
  /// The language model.
  let llama: LlamaConfiguration
  /// The encoder of the whole prompt.
  let clip: CLIPTextConfiguration

  /// Width of the states.
  var stateWidth: Int { llama.width }
  /// Width of the state that stands for the whole prompt.
  var pooledWidth: Int { clip.width }
  /// Tokens of a prompt, padding included.
  var maximumTokens: Int { HunyuanVideoPrompt.maximumTokens }
}

/// A prompt's way through both text encoders: Llama gives a state for each token, CLIP one for the whole.
struct HunyuanVideoTextEncoder: TextEncoder {
  private let llama: LlamaEncoder
  private let clip: CLIPTextEncoder
  private let tokenizers: HunyuanVideoTokenizers
  private let stateWidth: Int
  private let device: any ComputeDevice

  /// Reads and checks the configurations; no weights.
  /// - Throws: `CheckpointError` when one is missing or malformed, ``ModelError`` for values that are not supported;
  ///   both name the file.
  static func configurations(in directory: ModelDirectory) throws -> HunyuanVideoTextConfigurations {
    let configurations = HunyuanVideoTextConfigurations(
      llama: try directory.configuration(
        of: "text_encoder", className: "LlamaModel", as: LlamaConfiguration.self),
      clip: try directory.configuration(
        of: "text_encoder_2", className: "CLIPTextModel", as: CLIPTextConfiguration.self))
    try require(
      configurations.llama.layers > HunyuanVideoPrompt.skippedLayers,
      "\(directory.url.path): text_encoder has \(configurations.llama.layers) layers; the states before the last "
        + "\(HunyuanVideoPrompt.skippedLayers) are needed")
    try require(
      configurations.clip.maximumTokens >= HunyuanVideoPrompt.pooledTokens,
      "\(directory.url.path): text_encoder_2 takes \(configurations.clip.maximumTokens) tokens; prompts have "
        + "\(HunyuanVideoPrompt.pooledTokens)")
    return configurations
  }

  /// Loads both tokenizers, which is quick and finds mistakes early, then both encoders.
  /// - Throws: What ``configurations(in:)`` and ``HunyuanVideoTokenizers`` throw; `CheckpointError` for missing weights; what
  ///   the device throws.
  init(directory: ModelDirectory, device: any ComputeDevice) throws {
    let configurations = try Self.configurations(in: directory)
    tokenizers = try HunyuanVideoTokenizers(directory: directory, configurations: configurations)
    stateWidth = configurations.stateWidth
    self.device = device
    func weights(_ component: String) throws -> LayerLoader {
      LayerLoader(device: device, scope: try directory.weights(of: component))
    }
    clip = try CLIPTextEncoder(configurations.clip, weights: weights("text_encoder_2"))
    llama = try LlamaEncoder(
      configurations.llama, skippedLayers: HunyuanVideoPrompt.skippedLayers, weights: weights("text_encoder"))
  }

  /// Encodes one prompt.
  /// - Returns: States `[256, C]`, of which those of the padding are zero, and the pooled state.
  func encode(_ prompt: String) throws -> TextCondition {
    let first = HunyuanVideoPrompt.croppedTokens
    let text = HunyuanVideoPrompt.opening + prompt + HunyuanVideoPrompt.closing
    let tokens = tokenizers.llama.encode(text, length: first + HunyuanVideoPrompt.maximumTokens)
    let valid = tokens.tokenCount - first
    var states = try llama.encode(Array(tokens.ids.prefix(tokens.tokenCount))).slice(first..<tokens.tokenCount)
    let padding = HunyuanVideoPrompt.maximumTokens - valid
    if padding > 0 {
      let zeros = Tensor([Float](repeating: 0, count: padding * stateWidth), shape: [padding, stateWidth])
      states = try device.concatenate([states, device.upload(zeros, as: device.activationType)])
    }
    let pooled = try clip.pool(tokenizers.clip.encode(prompt, length: HunyuanVideoPrompt.pooledTokens).ids)
    return TextCondition(
      states: states, pooled: pooled, validTokens: valid,
      truncatedTokens: max(0, tokens.truncatedCount - tokenizers.closingTokens), truncatedText: lostText(tokens))
  }

  /// The part of the prompt that did not fit, without what stands after the prompt.
  private func lostText(_ tokens: TokenizedPrompt) -> String {
    let closing = HunyuanVideoPrompt.closing
    if closing.hasSuffix(tokens.truncatedText) { return "" }
    return tokens.truncatedText.hasSuffix(closing)
      ? String(tokens.truncatedText.dropLast(closing.count)) : tokens.truncatedText
  }
}
