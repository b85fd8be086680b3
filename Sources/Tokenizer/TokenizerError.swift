/// Why a tokenizer could not be loaded, or a text not be encoded.
public struct TokenizerError: Error, Sendable, CustomStringConvertible {
  /// What kind of thing went wrong.
  public enum Code: String, Hashable, Sendable {
    /// The folder holds no tokenizer that can be read.
    case missingTokenizer
    /// A file of the tokenizer is damaged.
    case invalidTokenizer
    /// A tokenizer of a kind that is not implemented.
    case unsupportedTokenizer
    /// The text could not be encoded.
    case encodingFailed
  }

  /// What kind of thing went wrong.
  public let code: Code
  /// One sentence that names the file and the value, what was expected, and what to do where that is known.
  public let message: String
  /// The error below this one, when there is one.
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
