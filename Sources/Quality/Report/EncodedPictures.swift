import Foundation

/// The frames of a video as pictures that a browser shows, one file per frame.
///
/// Frames of their own, instead of a video file, are what every browser shows in exact step. PNG keeps the difference
/// exact; JPEG of high quality is a tenth of the size. A JPEG of low quality shows its own artifacts as a difference.
public struct EncodedPictures: Hashable, Sendable {
  /// The format of the pictures.
  public enum Format: String, Hashable, Sendable {
    /// Lossless.
    case png
    /// Lossy and small.
    case jpeg

    /// The media type of the data addresses.
    var mediaType: String { "image/\(rawValue)" }
  }

  /// The format of the pictures.
  public let format: Format
  /// The file of each frame, in frame order.
  public let frames: [Data]
  /// How long encoding took, in seconds; `nil` where nobody measured it.
  public let seconds: Double?

  /// Creates pictures from files.
  public init(format: Format, frames: [Data], seconds: Double? = nil) {
    self.format = format
    self.frames = frames
    self.seconds = seconds
  }

  /// The frames as data addresses.
  var addresses: [String] {
    frames.map { "data:\(format.mediaType);base64,\($0.base64EncodedString())" }
  }
}

/// Both videos of a comparison as pictures.
public struct ComparisonPictures: Hashable, Sendable {
  /// The frames of the dense run.
  public let dense: EncodedPictures
  /// The frames of the sparse run.
  public let sparse: EncodedPictures
  /// How fast they play.
  public let framesPerSecond: Double

  /// Pairs the pictures of two runs.
  /// - Precondition: `framesPerSecond` is positive.
  public init(dense: EncodedPictures, sparse: EncodedPictures, framesPerSecond: Double) {
    precondition(framesPerSecond > 0, "a video plays at a positive rate: \(framesPerSecond)")
    self.dense = dense
    self.sparse = sparse
    self.framesPerSecond = framesPerSecond
  }
}
