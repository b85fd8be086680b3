import Checkpoint

/// How large the text encoders of a HunyuanVideo directory are: for plans, which need no weights.
struct HunyuanVideoTextNetworks: Sendable {
  /// The encoders as networks.
  let networks: [ModelNetwork]

  /// Reads both configurations.
  /// - Throws: `CheckpointError` when one is missing or malformed; it names the file.
  init(_ directory: ModelDirectory) throws {
    let states = try directory.configuration(of: "text_encoder", className: "LlamaModel", as: Sizes.self)
    let pooled = try directory.configuration(of: "text_encoder_2", className: "CLIPTextModel", as: Sizes.self)
    networks = [
      ModelNetwork(component: "text_encoder", role: .textEncoder, parameters: states.llamaParameters),
      ModelNetwork(component: "text_encoder_2", role: .textEncoder, parameters: pooled.clipParameters),
    ]
  }

  /// The sizes that both configurations have.
  private struct Sizes: Decodable {
    let width, layers, feedForwardWidth, heads, vocabulary: Int
    let keyHeads, headDimension, positions: Int?

    private enum CodingKeys: String, CodingKey {
      case width = "hidden_size"
      case layers = "num_hidden_layers"
      case feedForwardWidth = "intermediate_size"
      case heads = "num_attention_heads"
      case vocabulary = "vocab_size"
      case keyHeads = "num_key_value_heads"
      case headDimension = "head_dim"
      case positions = "max_position_embeddings"
    }

    /// Grouped queries, gated feed-forward layers, no biases.
    var llamaParameters: Int {
      let head = headDimension ?? width / max(1, heads)
      let attention = 2 * width * head * (heads + (keyHeads ?? heads))
      return vocabulary * width + layers * (attention + 3 * width * feedForwardWidth + 2 * width) + width
    }

    /// Learned positions, biases, norms with weight and bias.
    var clipParameters: Int {
      let layer =
        4 * ParameterCount.linear(width, width) + ParameterCount.linear(width, feedForwardWidth)
        + ParameterCount.linear(feedForwardWidth, width) + 4 * width
      return (vocabulary + (positions ?? 77)) * width + layers * layer + 2 * width
    }
  }
}
