/// What the configurations of all families' autoencoders say alike; keys that are left out have the defaults of diffusers.
struct AutoencoderLayers: Sendable {
  /// The values that families leave out differently.
  struct Defaults {
    let blockChannels: [Int]
    let layersPerBlock: Int
    let scalingFactor: Float
    /// The class of the decoder's blocks, the only one that is supported.
    let blockType: String
  }

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

  private enum CodingKeys: String, CodingKey {
    case inputChannels = "in_channels"
    case outputChannels = "out_channels"
    case blockChannels = "block_out_channels"
    case latentChannels = "latent_channels"
    case layersPerBlock = "layers_per_block"
    case normGroups = "norm_num_groups"
    case scalingFactor = "scaling_factor"
    case activation = "act_fn"
    case blockTypes = "up_block_types"
  }

  /// Reads and checks the values.
  init(from decoder: any Decoder, defaults: Defaults) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    blockChannels = try values.value(.blockChannels, default: defaults.blockChannels)
    latentChannels = try values.value(.latentChannels, default: 16)
    layersPerBlock = try values.value(.layersPerBlock, default: defaults.layersPerBlock)
    normGroups = try values.value(.normGroups, default: 32)
    scalingFactor = try values.value(.scalingFactor, default: defaults.scalingFactor)
    for key in [CodingKeys.inputChannels, .outputChannels] {
      let channels = try values.value(key, default: 3)
      try require(channels == 3, "the autoencoder's \(key.rawValue) must be 3 (RGB), not \(channels)")
    }
    let types = try values.value(.blockTypes, default: blockChannels.map { _ in defaults.blockType })
    try require(
      (1...8).contains(blockChannels.count) && types.count == blockChannels.count,
      "the autoencoder has \(blockChannels.count) block_out_channels and \(types.count) up_block_types")
    for type in types {
      try require(
        type == defaults.blockType,
        "the autoencoder's block type \(type) is not supported, only \(defaults.blockType)")
    }
    try requireSizes(
      blockChannels.map { (CodingKeys.blockChannels, $0) }
        + [(.latentChannels, latentChannels), (.layersPerBlock, layersPerBlock), (.normGroups, normGroups)],
      of: "the autoencoder")
    try require(
      blockChannels.allSatisfy { $0 % normGroups == 0 },
      "the autoencoder's block_out_channels \(blockChannels) cannot be divided by its norm_num_groups \(normGroups)")
    try require(
      scalingFactor.isFinite && scalingFactor != 0, "the autoencoder's scaling_factor cannot be \(scalingFactor)")
    let activation = try values.value(.activation, default: "silu")
    try require(
      ["silu", "swish"].contains(activation), "the autoencoder's act_fn \(activation) is not supported, only silu")
  }
}
