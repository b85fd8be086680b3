import Compute

/// What `config.json` of a `LlamaModel` says.
struct LlamaConfiguration: Decodable, Sendable {
  /// `C`: width of the states.
  let width: Int
  /// Width of the middle of the feed-forward layers.
  let feedForwardWidth: Int
  /// Layers.
  let layers: Int
  /// `H`: heads of queries.
  let heads: Int
  /// `K`: heads of keys and values, each shared by `H/K` heads of queries.
  let keyHeads: Int
  /// `D`: head dimension.
  let headDimension: Int
  /// `ε` of the norms.
  let epsilon: Float
  /// Rows of the embedding table.
  let vocabulary: Int
  /// Whether the linear layers of attention have biases.
  let hasAttentionBias: Bool
  /// Whether the feed-forward layers have biases.
  let hasFeedForwardBias: Bool
  /// How positions turn queries and keys.
  let rotation: LlamaRotation

  private enum CodingKeys: String, CodingKey {
    case width = "hidden_size"
    case feedForwardWidth = "intermediate_size"
    case layers = "num_hidden_layers"
    case heads = "num_attention_heads"
    case keyHeads = "num_key_value_heads"
    case headDimension = "head_dim"
    case epsilon = "rms_norm_eps"
    case vocabulary = "vocab_size"
    case hasAttentionBias = "attention_bias"
    case hasFeedForwardBias = "mlp_bias"
    case activation = "hidden_act"
    case rotationBase = "rope_theta"
    case rotationScaling = "rope_scaling"
    case rotation = "rope_parameters"
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    width = try values.decode(Int.self, forKey: .width)
    feedForwardWidth = try values.decode(Int.self, forKey: .feedForwardWidth)
    layers = try values.decode(Int.self, forKey: .layers)
    heads = try values.decode(Int.self, forKey: .heads)
    keyHeads = try values.value(.keyHeads, default: heads)
    headDimension = try values.value(.headDimension, default: heads > 0 ? width / heads : 0)
    epsilon = try values.value(.epsilon, default: 1e-6)
    vocabulary = try values.decode(Int.self, forKey: .vocabulary)
    hasAttentionBias = try values.value(.hasAttentionBias, default: false)
    hasFeedForwardBias = try values.value(.hasFeedForwardBias, default: false)
    // Files of transformers 5 hold one object; older ones a base, and an object only where it is scaled.
    let parameters =
      try values.decodeIfPresent(LlamaRotation.self, forKey: .rotation)
      ?? values.decodeIfPresent(LlamaRotation.self, forKey: .rotationScaling)
    let base = try parameters?.base ?? values.value(.rotationBase, default: 10000)
    rotation = LlamaRotation(base: base, scaling: parameters?.scaling)
    let sizes: [(CodingKeys, Int)] = [
      (.width, width), (.feedForwardWidth, feedForwardWidth), (.layers, layers), (.heads, heads), (.keyHeads, keyHeads),
      (.headDimension, headDimension),
    ]
    try requireSizes(sizes, of: "the text encoder")
    try requireSizes([(CodingKeys.vocabulary, vocabulary)], of: "the text encoder", atMost: SizeLimit.vocabulary)
    try requireWidth(of: heads, headDimension, in: "the text encoder")
    try require(
      heads % keyHeads == 0,
      "the text encoder's num_attention_heads \(heads) must be a multiple of its num_key_value_heads \(keyHeads)")
    try require(headDimension % 2 == 0, "the text encoder's head_dim must be even, not \(headDimension)")
    let activation = try values.value(.activation, default: "silu")
    try require(activation == "silu", "the text encoder's hidden_act is \"\(activation)\"; only \"silu\" is supported")
    try require(base > 1, "the text encoder's rope_theta must be greater than 1, not \(base)")
  }
}
