/// What is wrong with what is asked of the denoising.
public struct DiffusionError: Error, Sendable, CustomStringConvertible {
  /// The kind of failure.
  public enum Code: String, Hashable, Sendable {
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
