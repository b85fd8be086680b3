/// What `config.json` of an `AutoencoderKLHunyuanVideo` says; keys that are left out have the defaults of diffusers.
struct HunyuanVideoAutoencoderConfiguration: Decodable, Sendable {
  /// Channels of each block, from the pixels inwards.
  let blockChannels: [Int]
  /// `C`: channels of the latents.
  let latentChannels: Int
  /// Residual layers of each block of the encoder; the decoder has one more.
  let layersPerBlock: Int
  /// Groups of the norms.
  let normGroups: Int
  /// Latents are divided by this before they are decoded.
  let scalingFactor: Float
  /// Frames of pixels for each latent frame but the first.
  let temporalCompression: Int
  /// Pixels for each latent, in height and width.
  let spatialCompression: Int
  /// Whether the middle of the network attends.
  let hasAttention: Bool

  /// Whether a block of the decoder, from the latents on, doubles rows and columns.
  func doublesSize(block: Int) -> Bool { block < spatialCompression.trailingZeroBitCount }

  /// Whether a block of the decoder, from the latents on, doubles the frames: the last ones that double anything.
  func doublesFrames(block: Int) -> Bool {
    let last = blockChannels.count - 1
    return block < last && block >= last - temporalCompression.trailingZeroBitCount
  }

  private enum CodingKeys: String, CodingKey {
    case outputChannels = "out_channels"
    case blockChannels = "block_out_channels"
    case latentChannels = "latent_channels"
    case layersPerBlock = "layers_per_block"
    case normGroups = "norm_num_groups"
    case scalingFactor = "scaling_factor"
    case temporalCompression = "temporal_compression_ratio"
    case spatialCompression = "spatial_compression_ratio"
    case hasAttention = "mid_block_add_attention"
    case activation = "act_fn"
    case blockTypes = "up_block_types"
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    blockChannels = try values.value(.blockChannels, default: [128, 256, 512, 512])
    latentChannels = try values.value(.latentChannels, default: 16)
    layersPerBlock = try values.value(.layersPerBlock, default: 2)
    normGroups = try values.value(.normGroups, default: 32)
    scalingFactor = try values.value(.scalingFactor, default: 0.476986)
    temporalCompression = try values.value(.temporalCompression, default: 4)
    spatialCompression = try values.value(.spatialCompression, default: 8)
    hasAttention = try values.value(.hasAttention, default: true)
    try validate(
      outputChannels: values.value(.outputChannels, default: 3), activation: values.value(.activation, default: "silu"),
      types: values.value(.blockTypes, default: blockChannels.map { _ in Self.blockType }))
  }

  private static let blockType = "HunyuanVideoUpBlock3D"

  private func validate(outputChannels: Int, activation: String, types: [String]) throws {
    try require(outputChannels == 3, "the autoencoder's out_channels must be 3 (RGB), not \(outputChannels)")
    try require(
      (2...8).contains(blockChannels.count) && types.count == blockChannels.count,
      "the autoencoder has \(blockChannels.count) block_out_channels and \(types.count) up_block_types")
    for type in types {
      try require(
        type == Self.blockType, "the autoencoder's block type \(type) is not supported, only \(Self.blockType)")
    }
    try require(
      normGroups > 0 && blockChannels.allSatisfy { $0 > 0 && $0 % normGroups == 0 },
      "the autoencoder's block_out_channels \(blockChannels) cannot be divided by its norm_num_groups \(normGroups)")
    try require(
      spatialCompression == 1 << (blockChannels.count - 1),
      "the autoencoder's spatial_compression_ratio \(spatialCompression) does not go with \(blockChannels.count) blocks, "
        + "which double rows and columns \(blockChannels.count - 1) times")
    try require(
      temporalCompression == 4 && blockChannels.count > 2,
      "the autoencoder's temporal_compression_ratio must be 4, not \(temporalCompression)")
    try require(
      latentChannels > 0 && layersPerBlock > 0,
      "the autoencoder's latent_channels and layers_per_block must be positive")
    try require(
      scalingFactor.isFinite && scalingFactor != 0, "the autoencoder's scaling_factor cannot be \(scalingFactor)")
    try require(
      ["silu", "swish"].contains(activation),
      "the autoencoder's act_fn \(activation) is not supported; HunyuanVideo uses silu")
  }
}
