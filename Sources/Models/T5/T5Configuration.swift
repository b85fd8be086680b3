import Compute

/// What `config.json` of a `T5EncoderModel` says.
struct T5Configuration: Decodable, Sendable {
  /// `C`: width of the states.
  let modelWidth: Int
  /// `D`: head dimension.
  let headDimension: Int
  /// Width of the middle of the feed-forward layers.
  let feedForwardWidth: Int
  /// Layers.
  let layers: Int
  /// `H`: heads.
  let heads: Int
  /// Entries of the table of relative positions.
  let relativePositionBuckets: Int
  /// The distance from which on all positions share a bucket.
  let relativePositionDistance: Int
  /// `ε` of the norms.
  let epsilon: Float
  /// Rows of the embedding table.
  let vocabulary: Int
  /// What the feed-forward layers do.
  let feedForward: FeedForward

  /// A kind of feed-forward layer.
  enum FeedForward: String, Decodable, Sendable {
    /// `W₂ relu(W₁ x)`: T5 as first published.
    case relu
    /// `W₂ (gelu(W₀ x) · W₁ x)`: T5 1.1, with GELU in its tanh form.
    case gatedGELU = "gated-gelu"
  }

  private enum CodingKeys: String, CodingKey {
    case modelWidth = "d_model"
    case headDimension = "d_kv"
    case feedForwardWidth = "d_ff"
    case layers = "num_layers"
    case heads = "num_heads"
    case relativePositionBuckets = "relative_attention_num_buckets"
    case relativePositionDistance = "relative_attention_max_distance"
    case epsilon = "layer_norm_epsilon"
    case vocabulary = "vocab_size"
    case feedForward = "feed_forward_proj"
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    modelWidth = try values.decode(Int.self, forKey: .modelWidth)
    headDimension = try values.decode(Int.self, forKey: .headDimension)
    feedForwardWidth = try values.decode(Int.self, forKey: .feedForwardWidth)
    layers = try values.decode(Int.self, forKey: .layers)
    heads = try values.decode(Int.self, forKey: .heads)
    relativePositionBuckets = try values.value(.relativePositionBuckets, default: 32)
    relativePositionDistance = try values.value(.relativePositionDistance, default: 128)
    epsilon = try values.value(.epsilon, default: 1e-6)
    vocabulary = try values.decode(Int.self, forKey: .vocabulary)
    feedForward = try values.value(.feedForward, default: .relu)
    let sizes: [(CodingKeys, Int)] = [
      (.modelWidth, modelWidth), (.headDimension, headDimension), (.feedForwardWidth, feedForwardWidth),
      (.layers, layers), (.heads, heads),
    ]
    try requireSizes(sizes, of: "the text encoder")
    try requireSizes([(CodingKeys.vocabulary, vocabulary)], of: "the text encoder", atMost: SizeLimit.vocabulary)
    try requireWidth(of: heads, headDimension, in: "the text encoder")
    try require(
      relativePositionBuckets >= 4 && relativePositionDistance > relativePositionBuckets / 4,
      "relative_attention_num_buckets \(relativePositionBuckets) does not go with a relative_attention_max_distance "
        + "of \(relativePositionDistance)")
  }
}
