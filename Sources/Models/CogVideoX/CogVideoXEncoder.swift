import Compute
import Foundation
import Tensor

/// The encoder of CogVideoX's autoencoder: from frames to latents, a few frames at a time, whole or in tiles.
struct CogVideoXEncoder: ImageEncoder {
  private let configuration: CogVideoXAutoencoderConfiguration
  private let device: any ComputeDevice
  private let network: CogVideoXEncoderNetwork
  private let tiling: TileGeometry

  /// Loads the encoder.
  /// - Parameter tiling: Where tiles of pixels lie; `nil` for the tiles that diffusers uses.
  /// - Throws: `CheckpointError` for a missing tensor or one of a wrong shape, and what the device throws.
  init(
    _ configuration: CogVideoXAutoencoderConfiguration, weights: LayerLoader, tiling: TileGeometry? = nil
  ) throws {
    self.configuration = configuration
    device = weights.device
    network = try CogVideoXEncoderNetwork(configuration, weights: weights)
    self.tiling = tiling ?? TileGeometry(configuration)
  }

  /// Encodes an image.
  func encode(_ image: Tensor, tiled: Bool) throws -> ImagePosterior {
    let pixels = Tensor.host(Shape([1] + image.shape.dimensions), .float32)
    image.withSpan(of: Float.self) { source in
      pixels.withMutableSpan(of: Float.self) { target in
        for index in target.indices { target[index] = 2 * source[index] - 1 }
      }
    }
    return try posterior(moments(of: pixels, tiled: tiled))
  }

  /// Encodes frames.
  /// - Parameter frames: `[F, H, W, 3]`, float32, in the processor's memory, RGB from −1 to 1.
  /// - Returns: `[F', h, w, 2C]`, float32, in the processor's memory: means, then logarithms of variances.
  func moments(of frames: Tensor, tiled: Bool) throws -> Tensor {
    let (height, width) = (frames.shape[1], frames.shape[2])
    guard tiled, height > tiling.height || width > tiling.width else { return try encodeTile(frames) }
    // Tiles are cut from pixels and blended as latents.
    var cuts = TileGeometry(height: tiling.height, width: tiling.width, compression: 1)
    var seams = TileGeometry(height: tiling.latentHeight, width: tiling.latentWidth, compression: 1)
    for overlap in [\TileGeometry.verticalOverlap, \.horizontalOverlap] {
      cuts[keyPath: overlap] = tiling[keyPath: overlap]
      seams[keyPath: overlap] = tiling[keyPath: overlap]
    }
    var blender: TileBlender?
    for (row, top) in cuts.starts(of: height, .vertical).enumerated() {
      for (column, left) in cuts.starts(of: width, .horizontal).enumerated() {
        let tile = try encodeTile(
          frames.cropped(
            rows: top..<min(height, top + cuts.height), columns: left..<min(width, left + cuts.width)))
        var blending =
          blender
          ?? TileBlender(
            geometry: seams, frames: tile.shape[0], height: height / tiling.compression,
            width: width / tiling.compression, channels: tile.shape[3])
        blending.add(tile, row: row, column: column)
        blender = blending
      }
    }
    guard let blender else { preconditionFailure("frames have at least one tile") }
    return blender.result
  }

  /// Frames of each call of the network: eight, and the rest with the first eight.
  static func chunks(of frames: Int) -> [Range<Int>] {
    let first = min(frames, 8 + frames % 8)
    return [0..<first] + stride(from: first, to: frames, by: 8).map { $0..<$0 + 8 }
  }

  private func encodeTile(_ frames: Tensor) throws -> Tensor {
    var history = CausalHistory()
    let parts = try Self.chunks(of: frames.shape[0]).map { chunk in
      history.isAtEnd = chunk.upperBound == frames.shape[0]
      return try device.download(
        network.encode(device.upload(frames.slice(chunk), as: device.activationType), history: &history))
    }
    guard parts.count > 1 else { return parts[0] }
    let count = parts.reduce(0) { $0 + $1.shape[0] }
    return Tensor(
      parts.flatMap { $0.floats() }, shape: Shape([count] + parts[0].shape.dimensions.dropFirst()))
  }

  /// The distribution of one frame's latents, `[1, h, w, 2C]`, scaled as the transformer takes them.
  private func posterior(_ moments: Tensor) throws -> ImagePosterior {
    let (height, width, channels) = (moments.shape[1], moments.shape[2], configuration.latentChannels)
    let values = moments.floats()
    guard values.allSatisfy(\.isFinite) else {
      throw ModelError(
        .notFinite, "the latents of the image are not finite; try --dtype f32, or check the model's weights")
    }
    let places = height * width
    // Version 1.5 was trained with the inverse of the factor; its configuration says so.
    let factor = configuration.invertsImageScale ? 1 / configuration.scalingFactor : configuration.scalingFactor
    func channelFirst(_ offset: Int, _ transform: (Float) -> Float) -> Tensor {
      let result = (0..<channels).flatMap { channel in
        (0..<places).map { transform(values[$0 * 2 * channels + offset + channel]) }
      }
      return Tensor(result, shape: [1, 1, channels, height, width])
    }
    return ImagePosterior(
      mean: channelFirst(0) { factor * $0 },
      deviation: channelFirst(channels) { factor * exp(min(max($0, -30), 20) / 2) })
  }
}

/// How CogVideoX's image-to-video models take their image.
struct CogVideoXImageConditioning: ImageConditioning {
  let model: CogVideoXModel

  func loadImageEncoder(on device: any ComputeDevice) throws -> any ImageEncoder {
    try CogVideoXEncoder(model.autoencoder, weights: model.weights(of: "vae", on: device))
  }

  /// The image's latents in the first frame and zeros in all others, those that pad version 1.5 included.
  func latents(_ image: Tensor, for size: VideoSize) -> Tensor {
    let shape = model.latentShape(for: size)
    precondition(image.shape.count * shape[1] == shape.count, "\(image) is not one frame of \(shape)")
    let values = image.floats()
    return Tensor(values + [Float](repeating: 0, count: shape.count - values.count), shape: shape)
  }

  /// The parameters of the encoder.
  var parameters: Int { model.autoencoder.encoderParameters }

  /// The widest place of the encoder is a residual layer of the first block: its input, the normalized input and its
  /// output at full size. An image is the only frame, so that nothing is remembered for later ones.
  func workingBytes(for size: VideoSize, tiled: Bool, activations: ElementType) -> Int {
    let tiling = TileGeometry(model.autoencoder)
    let (height, width) =
      tiled ? (min(size.height, tiling.height), min(size.width, tiling.width)) : (size.height, size.width)
    return height * width * 3 * model.autoencoder.blockChannels[0] * activations.byteCount
  }
}
