import Attention
import Tensor

extension HunyuanVideoModel {
  /// The memory that a phase takes beside the weights and the result, in bytes.
  public func workingBytes(_ phase: WorkPhase, for size: VideoSize, activations: ElementType) -> Int {
    switch phase {
    case .encoding: encodingBytes(activations)
    case .denoising: denoisingBytes(size, activations)
    case .decoding(let tiled): decodingBytes(size, tiled: tiled, activations)
    }
  }

  /// A layer of the first text encoder over the template and the prompt: some vectors of a token, each at most four times as
  /// wide as the states.
  private func encodingBytes(_ activations: ElementType) -> Int {
    16 * 2 * text.maximumTokens * text.stateWidth * activations.byteCount
  }

  /// The widest place is attention in a single-stream layer: hidden states, the same normalized, packed queries, keys and
  /// values, the same prepared, and the attended heads; or the middle of the feed-forward network in place of queries, keys
  /// and values. Latents, prediction and noise are small beside it.
  private func denoisingBytes(_ size: VideoSize, _ activations: ElementType) -> Int {
    let tokens = layout(for: size).sequenceLength
    let widths = max(9 * transformer.width, 3 * transformer.width + transformer.feedForwardWidth)
    let rotation = tokens * transformer.headDimension * ElementType.float32.byteCount
    return tokens * widths * activations.byteCount + rotation + 6 * latentShape(for: size).count * 4
  }

  /// The widest place of the decoder is the last block that doubles rows and columns, or the layer after it: its input and
  /// the normalized input at full size, and its output, for the frames of a piece; and the frames of
  /// two pieces and of two rows of tiles, which are blended.
  private func decodingBytes(_ size: VideoSize, tiled: Bool, _ activations: ElementType) -> Int {
    let (tiling, pieces) = (TileGeometry(autoencoder), TimePieces(autoencoder))
    var (height, width) = (size.height, size.width)
    let isTiled = tiled && tiling.splits(height: height / tiling.compression, width: width / tiling.compression)
    if isTiled {
      (height, width) = (min(height, tiling.height), min(width, tiling.width))
    }
    let frames = min(size.frames, (pieces.latentLength - 1) * pieces.compression + 1)
    let (inner, outer) = (autoencoder.blockChannels[1], autoencoder.blockChannels[0])
    let network = frames * height * width * (2 * inner + outer) * activations.byteCount
    let rows = 2 * (size.height + (isTiled ? tiling.height : 0))
    return network + frames * rows * size.width * 3 * ElementType.float32.byteCount
  }
}
