/// What is wrong with a model or with what is asked of it.
public struct ModelError: Error, Sendable, CustomStringConvertible {
  /// The kind of failure.
  public enum Code: String, Sendable {
    /// A size that the model cannot make.
    case illegalSize
    /// A configuration whose values do not fit together or are not supported.
    case unsupportedConfiguration
    /// A network produced numbers that are not finite.
    case notFinite
    /// Latents that do not fit the model.
    case wrongLatents
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
