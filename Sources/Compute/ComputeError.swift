/// What went wrong on a device.
public struct ComputeError: Error, Sendable, CustomStringConvertible {
  /// The kind of failure.
  public enum Code: String, Sendable {
    /// Storage could not be had.
    case outOfMemory
    /// A library that does arithmetic reported a failure.
    case libraryFailure
    /// The device cannot do what was asked for.
    case unsupported
    /// A device, a driver or a library is not there.
    case unavailable
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
