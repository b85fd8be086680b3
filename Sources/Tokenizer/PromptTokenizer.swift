/// Turns prompts into the token ids that a text encoder takes.
public protocol PromptTokenizer: Sendable {
  /// One more than the largest id: the least number of rows that the text encoder's embedding needs.
  var vocabularyCount: Int { get }

  /// Encodes a prompt to exactly `length` ids: padded when it is shorter, cut when it is longer.
  /// - Parameters:
  ///   - prompt: The text; it may be empty.
  ///   - length: The number of ids.
  /// - Throws: ``TokenizerError`` with code `encodingFailed`.
  /// - Precondition: `length` has room for the tokens that stand around every text, such as the closing one.
  func encode(_ prompt: String, length: Int) throws -> TokenizedPrompt
}

/// A prompt as token ids, and what did not fit.
public struct TokenizedPrompt: Hashable, Sendable {
  /// The ids, padding included.
  public let ids: [Int32]
  /// How many ids come before the padding.
  public let tokenCount: Int
  /// How many tokens of the prompt did not fit.
  public let truncatedCount: Int
  /// The end of the prompt that did not fit, from the first word on that lost a token; empty when everything fits.
  public let truncatedText: String

  /// Whether a part of the prompt did not fit.
  public var isTruncated: Bool { truncatedCount > 0 }

  /// Creates a result.
  public init(ids: [Int32], tokenCount: Int, truncatedCount: Int, truncatedText: String) {
    self.ids = ids
    self.tokenCount = tokenCount
    self.truncatedCount = truncatedCount
    self.truncatedText = truncatedText
  }
}
