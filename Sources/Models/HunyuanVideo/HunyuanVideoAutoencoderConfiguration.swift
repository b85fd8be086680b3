/// What `config.json` of an `AutoencoderKLHunyuanVideo` says; keys that are left out have the defaults of diffusers.
@dynamicMemberLookup
struct HunyuanVideoAutoencoderConfiguration: Decodable, Sendable {
  /// What the autoencoders of all families have.
  private let layers: AutoencoderLayers
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
    let last = layers.blockChannels.count - 1
    return block < last && block >= last - temporalCompression.trailingZeroBitCount
  }

  /// What the autoencoders of all families have.
  subscript<Value>(dynamicMember path: KeyPath<AutoencoderLayers, Value>) -> Value { layers[keyPath: path] }

  private enum CodingKeys: String, CodingKey {
    case temporalCompression = "temporal_compression_ratio"
    case spatialCompression = "spatial_compression_ratio"
    case hasAttention = "mid_block_add_attention"
  }

  init(from decoder: any Decoder) throws {
    layers = try AutoencoderLayers(
      from: decoder,
      defaults: .init(
        blockChannels: [128, 256, 512, 512], layersPerBlock: 2, scalingFactor: 0.476986,
        blockType: "HunyuanVideoUpBlock3D"))
    let values = try decoder.container(keyedBy: CodingKeys.self)
    temporalCompression = try values.value(.temporalCompression, default: 4)
    spatialCompression = try values.value(.spatialCompression, default: 8)
    hasAttention = try values.value(.hasAttention, default: true)
    let blocks = layers.blockChannels.count
    try require(
      spatialCompression == 1 << (blocks - 1),
      "the autoencoder's spatial_compression_ratio \(spatialCompression) does not go with \(blocks) blocks, which "
        + "double rows and columns \(blocks - 1) times")
    try require(
      temporalCompression == 4 && blocks > 2,
      "the autoencoder's temporal_compression_ratio must be 4, not \(temporalCompression)")
  }
}
