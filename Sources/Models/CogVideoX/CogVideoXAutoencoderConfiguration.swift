/// What `config.json` of an `AutoencoderKLCogVideoX` says; keys that are left out have the defaults of diffusers.
@dynamicMemberLookup
struct CogVideoXAutoencoderConfiguration: Decodable, Sendable {
  /// What the autoencoders of all families have.
  private let layers: AutoencoderLayers
  /// Frames of pixels for each latent frame but the first.
  let temporalCompression: Int
  /// Rows of pixels the model was trained for.
  let sampleHeight: Int
  /// Columns of pixels the model was trained for.
  let sampleWidth: Int
  /// Whether the latents of an image are divided by the scaling factor, not multiplied.
  let invertsImageScale: Bool
  /// Whether what the encoder makes passes a linear layer.
  let hasQuantization: Bool
  /// Whether latents pass a linear layer before they are decoded.
  let hasPostQuantization: Bool

  /// Pixels for each latent, in height and width.
  var spatialCompression: Int { 1 << (layers.blockChannels.count - 1) }

  /// Blocks of the decoder, from the first on, that double the frames.
  var temporalLevels: Int { temporalCompression.trailingZeroBitCount }

  /// What the autoencoders of all families have.
  subscript<Value>(dynamicMember path: KeyPath<AutoencoderLayers, Value>) -> Value { layers[keyPath: path] }

  private enum CodingKeys: String, CodingKey {
    case temporalCompression = "temporal_compression_ratio"
    case sampleHeight = "sample_height"
    case sampleWidth = "sample_width"
    case invertsImageScale = "invert_scale_latents"
    case hasQuantization = "use_quant_conv"
    case hasPostQuantization = "use_post_quant_conv"
  }

  init(from decoder: any Decoder) throws {
    layers = try AutoencoderLayers(
      from: decoder,
      defaults: .init(
        blockChannels: [128, 256, 256, 512], layersPerBlock: 3, scalingFactor: 1.15258426,
        blockType: "CogVideoXUpBlock3D"))
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let compression = try values.value(.temporalCompression, default: 4.0)
    temporalCompression = Int(exactly: compression) ?? 0
    sampleHeight = try values.value(.sampleHeight, default: 480)
    sampleWidth = try values.value(.sampleWidth, default: 720)
    invertsImageScale = try values.value(.invertsImageScale, default: false)
    hasQuantization = try values.value(.hasQuantization, default: false)
    hasPostQuantization = try values.value(.hasPostQuantization, default: false)
    try require(
      temporalCompression > 0 && temporalCompression.nonzeroBitCount == 1
        && temporalLevels < layers.blockChannels.count,
      "the autoencoder's temporal_compression_ratio \(compression) does not go with "
        + "\(layers.blockChannels.count) blocks")
    try requireSizes([(CodingKeys.sampleHeight, sampleHeight), (.sampleWidth, sampleWidth)], of: "the autoencoder")
  }
}
