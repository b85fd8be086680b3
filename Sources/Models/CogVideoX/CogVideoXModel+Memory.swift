import Attention
import Tensor

extension CogVideoXModel {
  /// The memory that a phase takes beside the weights and the result, in bytes.
  public func workingBytes(_ phase: WorkPhase, for size: VideoSize, activations: ElementType) -> Int {
    switch phase {
    case .encoding: encodingBytes(activations)
    case .denoising: denoisingBytes(size, activations)
    case .decoding(let tiled): decodingBytes(size, tiled: tiled, activations)
    }
  }

  /// The widest place of T5 is its gated feed-forward layer: states, both halves and their product.
  private func encodingBytes(_ activations: ElementType) -> Int {
    let scores = textEncoder.heads * transformer.textTokens * 4
    return transformer.textTokens
      * (scores + (textEncoder.modelWidth + 3 * textEncoder.feedForwardWidth) * activations.byteCount)
  }

  /// The widest place of a layer is attention: hidden states, packed queries, keys and values, the same prepared, and
  /// the attended heads. Latents, prediction and noise are small beside it.
  private func denoisingBytes(_ size: VideoSize, _ activations: ElementType) -> Int {
    let tokens = layout(for: size).sequenceLength
    let hidden = 8 * tokens * transformer.width * activations.byteCount
    return hidden + 6 * latentShape(for: size).count * 4
  }

  /// The widest place of the decoder is the first residual layer of the last block: its input and the normalized input
  /// at full size, and its output, for the frames of the first chunk; and the two frames that each of its convolutions
  /// remembers when there is another chunk.
  private func decodingBytes(_ size: VideoSize, tiled: Bool, _ activations: ElementType) -> Int {
    let tiling = TileGeometry(autoencoder)
    var (height, width) = (size.height, size.width)
    if tiled, tiling.splits(height: height / tiling.compression, width: width / tiling.compression) {
      (height, width) = (min(height, tiling.height), min(width, tiling.width))
    }
    let latentFrames = (size.frames - 1) / autoencoder.temporalCompression + 1
    let chunks = CogVideoXDecoder.chunks(of: latentFrames)
    let chunk = (chunks[0].count - 1) * autoencoder.temporalCompression + 1
    let channels = autoencoder.blockChannels
    let (inner, outer) = (channels.dropFirst().first ?? channels[0], channels[0])
    let alive = chunk * (2 * inner + outer)
    let remembered = chunks.count == 1 ? 0 : 2 * (inner + outer * (2 * autoencoder.layersPerBlock + 2))
    return height * width * (alive + remembered) * activations.byteCount
  }
}

extension TileGeometry {
  /// The tiles that diffusers uses: half of the size that the autoencoder was trained for.
  init(_ configuration: CogVideoXAutoencoderConfiguration) {
    self.init(
      height: configuration.sampleHeight / 2, width: configuration.sampleWidth / 2,
      compression: configuration.spatialCompression)
  }
}
