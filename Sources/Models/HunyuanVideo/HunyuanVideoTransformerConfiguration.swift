/// What `config.json` of a `HunyuanVideoTransformer3DModel` says; keys that are left out have the defaults of diffusers.
struct HunyuanVideoTransformerConfiguration: Decodable, Sendable {
  /// Channels of the latents.
  let inputChannels: Int
  /// Channels of the prediction.
  let outputChannels: Int
  /// `H`: heads.
  let heads: Int
  /// `D`: head dimension.
  let headDimension: Int
  /// Layers with weights of their own for text and video.
  let dualLayers: Int
  /// Layers that treat text and video alike.
  let singleLayers: Int
  /// Layers that prepare the text.
  let refinerLayers: Int
  /// How much wider feed-forward layers are in their middle.
  let expansion: Double
  /// Rows and columns of latents in a token.
  let patchSize: Int
  /// Latent frames in a token.
  let framePatchSize: Int
  /// Whether the transformer is told the guidance scale.
  let embedsGuidance: Bool
  /// Width of the text states.
  let textWidth: Int
  /// Width of the vector of the whole prompt.
  let pooledWidth: Int
  /// The period of the slowest rotation, in tokens, over 2π.
  let rotaryBase: Double
  /// Elements of a head that turn with time, row and column.
  let rotaryDimensions: [Int]

  /// `C`: width of the hidden states.
  var width: Int { heads * headDimension }

  /// Width of the middle of the feed-forward layers.
  var feedForwardWidth: Int { Int(Double(width) * expansion) }

  /// All layers that attend to the video.
  var layers: Int { dualLayers + singleLayers }

  private enum CodingKeys: String, CodingKey {
    case inputChannels = "in_channels"
    case outputChannels = "out_channels"
    case heads = "num_attention_heads"
    case headDimension = "attention_head_dim"
    case dualLayers = "num_layers"
    case singleLayers = "num_single_layers"
    case refinerLayers = "num_refiner_layers"
    case expansion = "mlp_ratio"
    case patchSize = "patch_size"
    case framePatchSize = "patch_size_t"
    case embedsGuidance = "guidance_embeds"
    case textWidth = "text_embed_dim"
    case pooledWidth = "pooled_projection_dim"
    case rotaryBase = "rope_theta"
    case rotaryDimensions = "rope_axes_dim"
    case norm = "qk_norm"
    case imageCondition = "image_condition_type"
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    inputChannels = try values.value(.inputChannels, default: 16)
    outputChannels = try values.value(.outputChannels, default: inputChannels)
    heads = try values.value(.heads, default: 24)
    headDimension = try values.value(.headDimension, default: 128)
    dualLayers = try values.value(.dualLayers, default: 20)
    singleLayers = try values.value(.singleLayers, default: 40)
    refinerLayers = try values.value(.refinerLayers, default: 2)
    expansion = try values.value(.expansion, default: 4)
    patchSize = try values.value(.patchSize, default: 2)
    framePatchSize = try values.value(.framePatchSize, default: 1)
    embedsGuidance = try values.value(.embedsGuidance, default: true)
    textWidth = try values.value(.textWidth, default: 4096)
    pooledWidth = try values.value(.pooledWidth, default: 768)
    rotaryBase = try values.value(.rotaryBase, default: 256)
    rotaryDimensions = try values.value(.rotaryDimensions, default: [16, 56, 56])
    try validate(
      norm: values.value(.norm, default: "rms_norm"),
      imageCondition: values.decodeIfPresent(String.self, forKey: .imageCondition))
  }

  private func validate(norm: String, imageCondition: String?) throws {
    let sizes: [(CodingKeys, Int)] = [
      (.inputChannels, inputChannels), (.outputChannels, outputChannels), (.heads, heads),
      (.headDimension, headDimension), (.refinerLayers, refinerLayers), (.textWidth, textWidth),
      (.pooledWidth, pooledWidth),
    ]
    try requireSizes(sizes, of: "the transformer")
    try requireSizes(
      [(CodingKeys.patchSize, patchSize), (.framePatchSize, framePatchSize)], of: "the transformer",
      atMost: SizeLimit.patch)
    try requireWidth(of: heads, headDimension, in: "the transformer")
    for (key, count) in [(CodingKeys.dualLayers, dualLayers), (.singleLayers, singleLayers)] {
      try require((0...1000).contains(count), "the transformer's \(key.rawValue) cannot be \(count)")
    }
    try require(layers > 0, "the transformer's num_layers and num_single_layers must not both be 0")
    try require(
      headDimension % 16 == 0 && headDimension <= 256,
      "the transformer's attention_head_dim must be a multiple of 16 up to 256, not \(headDimension)")
    try require(
      rotaryDimensions.count == 3 && rotaryDimensions.allSatisfy { $0 > 0 && $0 % 2 == 0 }
        && rotaryDimensions.reduce(0, +) == headDimension,
      "the transformer's rope_axes_dim must be three even numbers that add up to the attention_head_dim "
        + "\(headDimension), not \(rotaryDimensions)")
    try require(
      rotaryBase > 0 && rotaryBase.isFinite, "the transformer's rope_theta must be positive, not \(rotaryBase)")
    try require(
      expansion > 0 && expansion <= 64, "the transformer's mlp_ratio must be positive, not \(expansion)")
    try require(
      norm == "rms_norm", "the transformer's qk_norm \(norm) is not supported; HunyuanVideo uses rms_norm")
    try require(
      imageCondition == nil,
      "the transformer's image_condition_type \(imageCondition ?? "") is not supported: only text to video is")
  }
}
