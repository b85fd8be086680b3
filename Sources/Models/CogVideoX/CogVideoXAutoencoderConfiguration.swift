/// What `config.json` of an `AutoencoderKLCogVideoX` says; keys that are left out have the defaults of diffusers.
struct CogVideoXAutoencoderConfiguration: Decodable, Sendable {
  /// Color channels of the frames that are encoded.
  let inputChannels: Int
  /// Color channels of the frames.
  let outputChannels: Int
  /// Channels of each block, from the pixels inwards.
  let blockChannels: [Int]
  /// `C`: channels of the latents.
  let latentChannels: Int
  /// Residual layers of each block of the encoder; the decoder has one more.
  let layersPerBlock: Int
  /// Groups of the norms.
  let normGroups: Int
  /// Frames of pixels for each latent frame but the first.
  let temporalCompression: Int
  /// Rows of pixels the model was trained for.
  let sampleHeight: Int
  /// Columns of pixels the model was trained for.
  let sampleWidth: Int
  /// Latents are divided by this before they are decoded.
  let scalingFactor: Float
  /// Whether the latents of an image are divided by the scaling factor, not multiplied.
  let invertsImageScale: Bool
  /// Whether what the encoder makes passes a linear layer.
  let hasQuantization: Bool
  /// Whether latents pass a linear layer before they are decoded.
  let hasPostQuantization: Bool

  /// Pixels for each latent, in height and width.
  var spatialCompression: Int { 1 << (blockChannels.count - 1) }

  /// Blocks of the decoder, from the first on, that double the frames.
  var temporalLevels: Int { temporalCompression.trailingZeroBitCount }

  private enum CodingKeys: String, CodingKey {
    case inputChannels = "in_channels"
    case outputChannels = "out_channels"
    case blockChannels = "block_out_channels"
    case latentChannels = "latent_channels"
    case layersPerBlock = "layers_per_block"
    case normGroups = "norm_num_groups"
    case temporalCompression = "temporal_compression_ratio"
    case sampleHeight = "sample_height"
    case sampleWidth = "sample_width"
    case scalingFactor = "scaling_factor"
    case invertsImageScale = "invert_scale_latents"
    case hasQuantization = "use_quant_conv"
    case hasPostQuantization = "use_post_quant_conv"
    case activation = "act_fn"
    case blockTypes = "up_block_types"
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    inputChannels = try values.value(.inputChannels, default: 3)
    outputChannels = try values.value(.outputChannels, default: 3)
    blockChannels = try values.value(.blockChannels, default: [128, 256, 256, 512])
    latentChannels = try values.value(.latentChannels, default: 16)
    layersPerBlock = try values.value(.layersPerBlock, default: 3)
    normGroups = try values.value(.normGroups, default: 32)
    temporalCompression = Int(try values.value(.temporalCompression, default: 4.0))
    sampleHeight = try values.value(.sampleHeight, default: 480)
    sampleWidth = try values.value(.sampleWidth, default: 720)
    scalingFactor = try values.value(.scalingFactor, default: 1.15258426)
    invertsImageScale = try values.value(.invertsImageScale, default: false)
    hasQuantization = try values.value(.hasQuantization, default: false)
    hasPostQuantization = try values.value(.hasPostQuantization, default: false)
    let activation = try values.value(.activation, default: "silu")
    let types = try values.value(.blockTypes, default: blockChannels.map { _ in Self.blockType })
    try validate(activation: activation, types: types)
  }

  private static let blockType = "CogVideoXUpBlock3D"

  private func validate(activation: String, types: [String]) throws {
    try require(inputChannels == 3, "the autoencoder's in_channels must be 3 (RGB), not \(inputChannels)")
    try require(outputChannels == 3, "the autoencoder's out_channels must be 3 (RGB), not \(outputChannels)")
    try require(
      (1...8).contains(blockChannels.count) && types.count == blockChannels.count,
      "the autoencoder has \(blockChannels.count) block_out_channels and \(types.count) up_block_types")
    for type in types {
      try require(
        type == Self.blockType, "the autoencoder's block type \(type) is not supported, only \(Self.blockType)")
    }
    try require(
      normGroups > 0 && blockChannels.allSatisfy { $0 > 0 && $0 % normGroups == 0 },
      "the autoencoder's block_out_channels \(blockChannels) cannot be divided by its norm_num_groups \(normGroups)")
    try require(
      temporalCompression > 0 && temporalCompression.nonzeroBitCount == 1 && temporalLevels < blockChannels.count,
      "the autoencoder's temporal_compression_ratio \(temporalCompression) does not go with \(blockChannels.count) blocks"
    )
    try require(
      latentChannels > 0 && layersPerBlock > 0 && sampleHeight > 0 && sampleWidth > 0,
      "the autoencoder's latent_channels, layers_per_block, sample_height and sample_width must be positive")
    try require(
      scalingFactor.isFinite && scalingFactor != 0, "the autoencoder's scaling_factor cannot be \(scalingFactor)")
    try require(
      ["silu", "swish"].contains(activation),
      "the autoencoder's act_fn \(activation) is not supported; CogVideoX uses silu")
  }
}
