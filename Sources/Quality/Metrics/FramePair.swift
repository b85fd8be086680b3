import Tensor

/// Two videos of the same extents, checked once, that every metric here compares.
///
/// Frames are `[F, H, W, 3]`, float32, red, green and blue in `[0, 1]`, as the VAE decoded them and before an encoder
/// changed them.
public struct FramePair: Sendable {
  /// The video that counts as right: the dense run.
  public let reference: Tensor
  /// The video that is judged: the sparse run.
  public let candidate: Tensor

  /// Pairs two videos.
  /// - Parameters:
  ///   - reference: `[F, H, W, 3]`, float32, in the processor's memory.
  ///   - candidate: The same extents and type.
  /// - Throws: ``QualityError`` with code `notFrames` when a tensor is not as described or has no elements, and
  ///   `differentExtents` when the two do not match.
  public init(reference: Tensor, candidate: Tensor) throws {
    for (name, tensor) in [("reference", reference), ("candidate", candidate)] {
      guard
        tensor.elementType == .float32, tensor.isHostAccessible, tensor.shape.rank == 4, tensor.shape[3] == 3,
        tensor.shape.count > 0
      else {
        throw QualityError(
          .notFrames,
          "the \(name) is \(tensor), but frames are compared as float32 [F, H, W, 3] in the processor's memory")
      }
    }
    guard reference.shape == candidate.shape else {
      throw QualityError(
        .differentExtents,
        "the reference is \(reference.shape) and the candidate \(candidate.shape), but only videos of the same "
          + "number of frames and the same size can be compared")
    }
    self.reference = reference
    self.candidate = candidate
  }

  /// `F`.
  public var frameCount: Int { reference.shape[0] }
  /// `H`, in pixels.
  public var height: Int { reference.shape[1] }
  /// `W`, in pixels.
  public var width: Int { reference.shape[2] }

  /// The elements of one frame of both videos, `[H, W, 3]` row-major.
  func withFrame<Result>(_ index: Int, _ body: (Span<Float>, Span<Float>) -> Result) -> Result {
    reference.slice(index..<index + 1).withSpan(of: Float.self) { first in
      candidate.slice(index..<index + 1).withSpan(of: Float.self) { second in body(first, second) }
    }
  }
}
