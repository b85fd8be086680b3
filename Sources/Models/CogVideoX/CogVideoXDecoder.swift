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
    let input = try scaled(latents)
    let (height, width) = (input.shape[1], input.shape[2])
    guard tiled, tiling.splits(height: height, width: width) else {
      return try toRGB(decodeTile(input, progress: progress))
    }
    let tops = tiling.starts(of: height, .vertical)
    let lefts = tiling.starts(of: width, .horizontal)
    var blender = TileBlender(
      geometry: tiling, frames: frames(of: input.shape[0]), height: height * configuration.spatialCompression,
      width: width * configuration.spatialCompression, channels: configuration.outputChannels)
    for (row, top) in tops.enumerated() {
      for (column, left) in lefts.enumerated() {
        let tile = input.cropped(
          rows: top..<min(height, top + tiling.latentHeight),
          columns: left..<min(width, left + tiling.latentWidth))
        let done = Double(row * lefts.count + column)
        let decoded = try decodeTile(tile) { progress((done + $0) / Double(tops.count * lefts.count)) }
        blender.add(decoded, row: row, column: column)
      }
    }
    return toRGB(blender.result)
  }

  /// Latent frames of each call of the network: two, and the odd one with the first two.
  static func chunks(of frames: Int) -> [Range<Int>] {
    let first = min(frames, 2 + frames % 2)
    return [0..<first] + stride(from: first, to: frames, by: 2).map { $0..<$0 + 2 }
  }

  private func frames(of latentFrames: Int) -> Int {
    (latentFrames - 1) * configuration.temporalCompression + 1
  }

  /// Checks latents, divides them by the scaling factor and brings channels last: `[F', h, w, C]`, float32.
  private func scaled(_ latents: Tensor) throws -> Tensor {
    let shape = latents.shape
    guard shape.rank == 5, shape[0] == 1, shape[2] == configuration.latentChannels, shape.count > 0 else {
      throw ModelError(
        .wrongLatents,
        "latents must have the shape [1, frames, \(configuration.latentChannels), height, width], not \(shape)")
    }
    let (channels, places) = (shape[2], shape[3] * shape[4])
    let result = Tensor.host([shape[1], shape[3], shape[4], channels], .float32)
    var isFinite = true
    let factor = 1 / scalingFactor
    latents.withSpan(of: Float.self) { source in
      result.withMutableSpan(of: Float.self) { target in
        for frame in 0..<shape[1] {
          for channel in 0..<channels {
            for place in 0..<places {
              let value = source[(frame * channels + channel) * places + place]
              isFinite = isFinite && value.isFinite
              target[(frame * places + place) * channels + channel] = value * factor
            }
          }
        }
      }
    }
    guard isFinite else {
      throw ModelError(
        .notFinite, "the latents contain numbers that are not finite; try --dtype f32, or check the model's weights")
    }
    return result
  }

  /// Decodes one tile: `[F, H, W, 3]`, float32, from −1 to 1.
  private func decodeTile(_ latents: Tensor, progress: (Double) -> Void) throws -> Tensor {
    var history = CausalHistory()
    var parts: [Tensor] = []
    for chunk in Self.chunks(of: latents.shape[0]) {
      let input = try device.upload(latents.slice(chunk), as: device.activationType)
      parts.append(try device.download(network.decode(input, history: &history)))
      progress(Double(chunk.upperBound) / Double(latents.shape[0]))
    }
    return joined(parts)
  }

  private func joined(_ parts: [Tensor]) -> Tensor {
    guard parts.count > 1 else { return parts[0] }
    let frames = parts.reduce(0) { $0 + $1.shape[0] }
    let result = Tensor.host(Shape([frames] + parts[0].shape.dimensions.dropFirst()), .float32)
    result.withMutableSpan(of: Float.self) { target in
      var index = 0
      for part in parts {
        part.withSpan(of: Float.self) { source in
          for offset in source.indices {
            target[index] = source[offset]
            index += 1
          }
        }
      }
    }
    return result
  }

  /// Brings colors from −1…1 to 0…1, in place.
  private func toRGB(_ frames: Tensor) -> Tensor {
    frames.withMutableSpan(of: Float.self) { values in
      for index in values.indices { values[index] = min(max(values[index] / 2 + 0.5, 0), 1) }
    }
    return frames
  }
}
