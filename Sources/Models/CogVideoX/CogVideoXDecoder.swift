import Compute
import Tensor

/// The decoder of CogVideoX's autoencoder: from latents to a video, a few frames at a time, whole or in tiles.
struct CogVideoXDecoder: FrameDecoder {
  private let configuration: CogVideoXAutoencoderConfiguration
  private let device: any ComputeDevice
  private let network: CogVideoXDecoderNetwork
  private let tiling: TileGeometry

  /// Loads the decoder.
  /// - Parameter tiling: Where tiles lie; `nil` for the tiles that diffusers uses.
  /// - Throws: `CheckpointError` for a missing tensor or one of a wrong shape, and what the device throws.
  init(
    _ configuration: CogVideoXAutoencoderConfiguration, weights: LayerLoader, tiling: TileGeometry? = nil
  ) throws {
    self.configuration = configuration
    device = weights.device
    network = try CogVideoXDecoderNetwork(configuration, weights: weights)
    self.tiling = tiling ?? TileGeometry(configuration)
  }

  /// What latents are divided by.
  var scalingFactor: Float { configuration.scalingFactor }

  /// Decodes a video.
  func decode(_ latents: Tensor, tiled: Bool, progress: (Double) -> Void) throws -> Tensor {
    let input = try Tensor.decoderInput(
      latents, channels: configuration.latentChannels, factor: 1 / scalingFactor)
    guard tiled, tiling.splits(height: input.shape[1], width: input.shape[2]) else {
      return try decodeTile(input, progress: progress).toRGB()
    }
    return try tiling.decode(input, frames: frames(of: input.shape[0])) { tile, share in
      try decodeTile(tile) { progress(share.done($0)) }
    }.toRGB()
  }

  /// Latent frames of each call of the network: two, and the odd one with the first two.
  static func chunks(of frames: Int) -> [Range<Int>] {
    let first = min(frames, 2 + frames % 2)
    return [0..<first] + stride(from: first, to: frames, by: 2).map { $0..<$0 + 2 }
  }

  private func frames(of latentFrames: Int) -> Int {
    (latentFrames - 1) * configuration.temporalCompression + 1
  }

  /// Decodes one tile: `[F, H, W, 3]`, float32, from −1 to 1.
  private func decodeTile(_ latents: Tensor, progress: (Double) -> Void) throws -> Tensor {
    var history = CausalHistory()
    var parts: [Tensor] = []
    for chunk in Self.chunks(of: latents.shape[0]) {
      history.isAtEnd = chunk.upperBound == latents.shape[0]
      let input = try device.upload(latents.slice(chunk), as: device.activationType)
      parts.append(try device.download(network.decode(input, history: &history)))
      progress(Double(chunk.upperBound) / Double(latents.shape[0]))
    }
    return .joiningFrames(parts)
  }
}
