import Attention

/// What `config.json` of a `CogVideoXTransformer3DModel` says; keys that are left out have the defaults of diffusers.
struct CogVideoXTransformerConfiguration: Decodable, Sendable {
  /// `H`: heads.
  let heads: Int
  /// `D`: head dimension.
  let headDimension: Int
  /// Channels of the latents.
  let inputChannels: Int
  /// Channels of the prediction.
  let outputChannels: Int
  /// Whether a time embedding has its cosines first.
  let cosinesFirst: Bool
  /// Taken from the number of frequencies of a time embedding.
  let frequencyShift: Float
  /// Width of the embedding of the timestep.
  let timeWidth: Int
  /// Width of the embedding of the `ofs` number that image-to-video models take, if they do.
  let offsetWidth: Int?
  /// Width of the text encoder's states.
  let textWidth: Int
  /// Layers.
  let layers: Int
  /// Whether the projections of attention have biases.
  let hasAttentionBias: Bool
  /// Columns of the latents the model was trained for.
  let sampleWidth: Int
  /// Rows of the latents the model was trained for.
  let sampleHeight: Int
  /// Frames (of pixels) the model was trained for.
  let sampleFrames: Int
  /// Rows and columns of latents in a token.
  let patchSize: Int
  /// Latent frames in a token: from version 1.5 on.
  let framePatchSize: Int?
  /// Frames of pixels for each latent frame but the first.
  let temporalCompression: Int
  /// `T`: text tokens.
  let textTokens: Int
  /// Whether the norms have weights and biases.
  let hasAffineNorms: Bool
  /// `ε` of the norms.
  let epsilon: Float
  /// Divides sinusoidal positions in a frame.
  let spatialInterpolation: Float
  /// Divides sinusoidal positions in time.
  let temporalInterpolation: Float
  /// Whether queries and keys are rotated; otherwise sinusoidal positions are added to the tokens.
  let hasRotaryPositions: Bool
  /// Whether learned positions are added to the tokens.
  let hasLearnedPositions: Bool
  /// Whether the patch embedding of version 1.0 has a bias.
  let hasPatchBias: Bool

  /// `C`: width of the hidden states.
  var width: Int { heads * headDimension }

  /// Latent frames in a token.
  var framesPerToken: Int { framePatchSize ?? 1 }

  private enum CodingKeys: String, CodingKey {
    case heads = "num_attention_heads"
    case headDimension = "attention_head_dim"
    case inputChannels = "in_channels"
    case outputChannels = "out_channels"
    case cosinesFirst = "flip_sin_to_cos"
    case frequencyShift = "freq_shift"
    case timeWidth = "time_embed_dim"
    case offsetWidth = "ofs_embed_dim"
    case textWidth = "text_embed_dim"
    case layers = "num_layers"
    case hasAttentionBias = "attention_bias"
    case sampleWidth = "sample_width"
    case sampleHeight = "sample_height"
    case sampleFrames = "sample_frames"
    case patchSize = "patch_size"
    case framePatchSize = "patch_size_t"
    case temporalCompression = "temporal_compression_ratio"
    case textTokens = "max_text_seq_length"
    case hasAffineNorms = "norm_elementwise_affine"
    case epsilon = "norm_eps"
    case spatialInterpolation = "spatial_interpolation_scale"
    case temporalInterpolation = "temporal_interpolation_scale"
    case hasRotaryPositions = "use_rotary_positional_embeddings"
    case hasLearnedPositions = "use_learned_positional_embeddings"
    case hasPatchBias = "patch_bias"
    case activation = "activation_fn"
    case timeActivation = "timestep_activation_fn"
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    heads = try values.value(.heads, default: 30)
    headDimension = try values.value(.headDimension, default: 64)
    inputChannels = try values.value(.inputChannels, default: 16)
    outputChannels = try values.value(.outputChannels, default: 16)
    cosinesFirst = try values.value(.cosinesFirst, default: true)
    frequencyShift = try values.value(.frequencyShift, default: 0)
    timeWidth = try values.value(.timeWidth, default: 512)
    offsetWidth = try values.decodeIfPresent(Int.self, forKey: .offsetWidth)
    textWidth = try values.value(.textWidth, default: 4096)
    layers = try values.value(.layers, default: 30)
    hasAttentionBias = try values.value(.hasAttentionBias, default: true)
    sampleWidth = try values.value(.sampleWidth, default: 90)
    sampleHeight = try values.value(.sampleHeight, default: 60)
    sampleFrames = try values.value(.sampleFrames, default: 49)
    patchSize = try values.value(.patchSize, default: 2)
    framePatchSize = try values.decodeIfPresent(Int.self, forKey: .framePatchSize)
    temporalCompression = try values.value(.temporalCompression, default: 4)
    textTokens = try values.value(.textTokens, default: 226)
    hasAffineNorms = try values.value(.hasAffineNorms, default: true)
    epsilon = try values.value(.epsilon, default: 1e-5)
    spatialInterpolation = try values.value(.spatialInterpolation, default: 1.875)
    temporalInterpolation = try values.value(.temporalInterpolation, default: 1)
    hasRotaryPositions = try values.value(.hasRotaryPositions, default: false)
    hasLearnedPositions = try values.value(.hasLearnedPositions, default: false)
    hasPatchBias = try values.value(.hasPatchBias, default: true)
    let activation = try values.value(.activation, default: "gelu-approximate")
    let timeActivation = try values.value(.timeActivation, default: "silu")
    try validate(activation: activation, timeActivation: timeActivation)
  }

  private func validate(activation: String, timeActivation: String) throws {
    let sizes: [(CodingKeys, Int)] = [
      (.heads, heads), (.headDimension, headDimension), (.inputChannels, inputChannels),
      (.outputChannels, outputChannels), (.timeWidth, timeWidth), (.offsetWidth, offsetWidth ?? 1),
      (.textWidth, textWidth), (.layers, layers), (.sampleWidth, sampleWidth), (.sampleHeight, sampleHeight),
      (.sampleFrames, sampleFrames), (.textTokens, textTokens),
    ]
    try requireSizes(sizes, of: "the transformer")
    try requireSizes(
      [
        (CodingKeys.patchSize, patchSize), (.framePatchSize, framesPerToken),
        (.temporalCompression, temporalCompression),
      ], of: "the transformer", atMost: SizeLimit.patch)
    try requireWidth(of: heads, headDimension, in: "the transformer")
    try require(
      headDimension % 16 == 0 && headDimension <= 256,
      "the transformer's attention_head_dim must be a multiple of 16 up to 256, not \(headDimension)")
    try require(
      activation == "gelu-approximate",
      "the transformer's activation_fn \(activation) is not supported; CogVideoX uses gelu-approximate")
    try require(
      timeActivation == "silu",
      "the transformer's timestep_activation_fn \(timeActivation) is not supported; CogVideoX uses silu")
    try require(
      hasRotaryPositions || !hasLearnedPositions,
      "the transformer asks for learned positions without rotary ones, which no CogVideoX has")
  }
}
