/// Turns prompts into the token ids that a text encoder takes.
public protocol PromptTokenizer: Sendable {
  /// One more than the largest id: the least number of rows that the text encoder's embedding needs.
  var vocabularyCount: Int { get }

  /// Encodes a prompt to exactly `maximumLength` ids: padded when it is shorter, cut when it is longer.
  /// - Parameters:
  ///   - prompt: The text; it may be empty.
  ///   - maximumLength: The number of ids.
  /// - Throws: ``TokenizerError`` with code `encodingFailed`.
  /// - Precondition: `maximumLength` has room for the tokens that stand around every text, such as the closing one.
  func encode(_ prompt: String, maximumLength: Int) throws -> TokenizedPrompt
}

/// A prompt as token ids, and what did not fit.
public struct TokenizedPrompt: Hashable, Sendable {
  /// The ids, padding included.
  public let ids: [Int32]
  /// How many ids come before the padding.
  public let tokenCount: Int
  /// How many tokens of the prompt did not fit.
  public let cutTokenCount: Int
  /// The end of the prompt that did not fit, from the first word on that lost a token; empty when everything fits.
  public let cutText: String

  /// Whether a part of the prompt did not fit.
  public var isTruncated: Bool { cutTokenCount > 0 }

  /// Creates a result.
  public init(ids: [Int32], tokenCount: Int, cutTokenCount: Int, cutText: String) {
    self.ids = ids
    self.tokenCount = tokenCount
    self.cutTokenCount = cutTokenCount
    self.cutText = cutText
  }
}
