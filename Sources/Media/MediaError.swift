/// What kept a video from being made, or a picture from being read.
public struct MediaError: Error, Sendable, CustomStringConvertible {
  /// The kind of failure.
  public enum Code: String, Sendable {
    /// A file name that does not say which kind of video is wanted.
    case unsupportedFormat
    /// No ffmpeg can be found, or one that cannot encode H.264.
    case noEncoder
    /// ffmpeg ran and failed.
    case encoderFailed
    /// A file that is no picture, or a damaged one.
    case unreadablePicture
    /// Frames that no format can hold.
    case invalidFrames
  }

  /// The kind of failure.
  public let code: Code
  /// What is wrong and what to do about it.
  public let message: String
  /// The error underneath, if any.
  public let cause: (any Error)?

  /// Creates an error.
  public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }

  /// The message.
  public var description: String { message }
}
