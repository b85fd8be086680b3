import Tensor

/// How a video is decoded in overlapping pieces of time that are blended.
///
/// The pieces and the way they are blended are those of diffusers (`tile_sample_min_num_frames`,
/// `tile_sample_stride_num_frames`), so that results agree. A piece has one latent frame more than its length says; all
/// pieces but the first give up the frame that it becomes.
struct TimePieces: Hashable, Sendable {
  /// Frames of a piece.
  let length: Int
  /// Frames from the beginning of a piece to that of the next.
  let stride: Int
  /// Frames for each latent frame but the first.
  let compression: Int

  /// Latent frames of the longest piece.
  var latentLength: Int { length / compression + 1 }

  /// Whether a video needs more than one piece.
  func splits(frames latentFrames: Int) -> Bool { latentFrames > length / compression }

  /// The latent frames of each piece; pieces that would show nothing are left out.
  func ranges(frames latentFrames: Int) -> [Range<Int>] {
    guard splits(frames: latentFrames) else { return [0..<latentFrames] }
    return Swift.stride(from: 0, to: latentFrames, by: stride / compression)
      .map { $0..<min(latentFrames, $0 + latentLength) }
      .filter { $0.lowerBound == 0 || $0.count > 1 }
  }

  /// Decodes a video piece by piece; pieces are put together while the next is decoded.
  /// - Parameters:
  ///   - latents: `[F', h, w, C]`, float32, in the processor's memory.
  ///   - decodePiece: Decodes some latent frames to `[F, H, W, 3]`, float32, in the processor's memory; gets the part of
  ///     the whole work that they are.
  /// - Returns: `[F, H, W, 3]`, float32.
  func decode(
    _ latents: Tensor, decodePiece: (_ piece: Tensor, _ share: WorkShare) throws -> Tensor
  ) throws -> Tensor {
    let ranges = ranges(frames: latents.shape[0])
    guard ranges.count > 1 else { return try decodePiece(latents, .all) }
    let joined = BackgroundWork(JoinedPieces(self, frames: (latents.shape[0] - 1) * compression + 1))
    for (index, range) in ranges.enumerated() {
      let piece = try decodePiece(latents.slice(range), WorkShare.all.part(index, of: ranges.count))
      joined.change { $0.add(piece) }
    }
    return joined.finished().complete()
  }
}

/// Pieces of a video that are put together.
private struct JoinedPieces {
  private let pieces: TimePieces
  private let frames: Int
  private var result: Tensor?
  private var before: Tensor?
  private var filled = 0

  init(_ pieces: TimePieces, frames: Int) {
    self.pieces = pieces
    self.frames = frames
  }

  /// Adds the next piece; it is written.
  mutating func add(_ decoded: Tensor) {
    var piece = decoded
    if let before {
      piece = piece.slice(1..<piece.shape[0])
      blend(before, into: piece)
    }
    let all = result ?? .host(Shape([frames] + piece.shape.dimensions.dropFirst()), .float32)
    let kept = min(filled == 0 ? pieces.stride + 1 : pieces.stride, piece.shape[0], frames - filled)
    all.slice(filled..<filled + kept).fill(from: piece.slice(0..<kept))
    (result, before, filled) = (all, piece, filled + kept)
  }

  /// All frames.
  func complete() -> Tensor {
    guard let result, filled == frames else { preconditionFailure("pieces cover a video: \(filled) of \(frames)") }
    return result
  }

  /// Fades from the end of one piece to the beginning of the next.
  private func blend(_ before: Tensor, into piece: Tensor) {
    let extent = min(before.shape[0], piece.shape[0], pieces.length - pieces.stride)
    let size = piece.shape.count / piece.shape[0]
    before.slice(before.shape[0] - extent..<before.shape[0]).withSpan(of: Float.self) { source in
      piece.withMutableSpan(of: Float.self) { target in
        for frame in 0..<extent {
          target.fade(
            from: source.extracting(frame * size..<(frame + 1) * size), to: frame * size,
            weight: Float(frame) / Float(extent))
        }
      }
    }
  }
}
