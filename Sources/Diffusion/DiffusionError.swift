/// What is wrong with a scheduler's configuration or with what is asked of the denoising.
public struct DiffusionError: Error, Sendable, CustomStringConvertible {
  /// The kind of failure.
  public enum Code: String, Hashable, Sendable {
    /// A scheduler class that this library does not have.
    case unsupportedScheduler
    /// A configuration value that is missing, of the wrong type, unknown, or impossible beside the others.
    case invalidConfiguration
    /// A number of steps that the scheduler cannot make.
    case invalidStepCount
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
