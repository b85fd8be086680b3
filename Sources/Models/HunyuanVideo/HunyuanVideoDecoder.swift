import Compute
import Tensor

/// The decoder of HunyuanVideo's autoencoder: from latents to a video, in pieces of time, whole or in tiles.
///
/// The norms of the network look at all frames of a piece, so that pieces are decoded whole and blended: 17 frames at most.
struct HunyuanVideoDecoder: FrameDecoder {
  private let configuration: HunyuanVideoAutoencoderConfiguration
  private let device: any ComputeDevice
  private let network: HunyuanVideoDecoderNetwork
  private let tiling: TileGeometry
  private let pieces: TimePieces

  /// Loads the decoder.
  /// - Parameter tiling: Where tiles lie; `nil` for the tiles that diffusers uses.
  /// - Throws: `CheckpointError` for a missing tensor or one of a wrong shape, and what the device throws.
  init(
    _ configuration: HunyuanVideoAutoencoderConfiguration, weights: LayerLoader, tiling: TileGeometry? = nil
  ) throws {
    self.configuration = configuration
    device = weights.device
    network = try HunyuanVideoDecoderNetwork(configuration, weights: weights)
    self.tiling = tiling ?? TileGeometry(configuration)
    pieces = TimePieces(configuration)
  }

  /// What latents are divided by.
  var scalingFactor: Float { configuration.scalingFactor }

  /// Decodes a video.
  func decode(_ latents: Tensor, tiled: Bool, progress: (Double) -> Void) throws -> Tensor {
    let input = try Tensor.decoderInput(
      latents, channels: configuration.latentChannels, factor: 1 / scalingFactor)
    return try pieces.decode(input) { piece, share in
      guard tiled, tiling.splits(height: piece.shape[1], width: piece.shape[2]) else {
        defer { progress(share.done(1)) }
        return try decodeTile(piece)
      }
      let frames = (piece.shape[0] - 1) * configuration.temporalCompression + 1
      return try tiling.decode(piece, frames: frames, share: share) { tile, share in
        defer { progress(share.done(1)) }
        return try decodeTile(tile)
      }
    }.toRGB()
  }

  /// Decodes one tile of a piece: `[F, H, W, 3]`, float32, from −1 to 1.
  private func decodeTile(_ latents: Tensor) throws -> Tensor {
    try device.download(network.decode(device.upload(latents, as: device.activationType)))
  }
}

extension TileGeometry {
  /// The tiles that diffusers uses: 256×256 pixels, 192 from one to the next.
  init(_ configuration: HunyuanVideoAutoencoderConfiguration) {
    self.init(height: 256, width: 256, compression: configuration.spatialCompression)
    (verticalOverlap, horizontalOverlap) = (0.25, 0.25)
  }
}

extension TimePieces {
  /// The pieces that diffusers uses: 16 frames, 12 from one to the next.
  init(_ configuration: HunyuanVideoAutoencoderConfiguration) {
    self.init(length: 16, stride: 12, compression: configuration.temporalCompression)
  }
}
