/// Why two videos could not be compared, or a comparison could not be written or read.
public struct QualityError: Error, Sendable, CustomStringConvertible {
  /// What kind of thing went wrong; callers decide on this, people read ``QualityError/message``.
  public enum Code: String, Hashable, Sendable {
    /// A tensor that holds no color frames that the processor can read.
    case notFrames
    /// Two videos of different extents.
    case differentExtents
    /// Frames smaller than the window of the structural similarity, or than a network can take in.
    case framesTooSmall
    /// Weights of a perceptual similarity that are missing or have other extents.
    case unusableWeights
    /// Encoded pictures whose number is not that of the frames they show.
    case wrongPictureCount
    /// Text that is no saved comparison.
    case invalidComparison
  }

  /// What kind of thing went wrong.
  public let code: Code
  /// One sentence that names the value, what was expected, and what to do where that is known.
  public let message: String
  /// The error below this one, when there is one.
  public let cause: (any Error)?

  /// Creates an error.
  public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }

  /// The message, followed by what caused it.
  public var description: String { cause.map { "\(message) (\($0))" } ?? message }
}
