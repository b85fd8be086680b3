import Tensor
import Tokenizer

/// A prompt's way through T5: tokens, padded to the length that the transformer was trained with, then states.
struct T5TextEncoder: TextEncoder {
  /// The tokenizer classes that `model_index.json` may name.
  static let tokenizers = ["T5Tokenizer", "T5TokenizerFast"]

  let encoder: T5Encoder
  let tokenizer: T5Tokenizer
  let maximumTokens: Int

  /// Encodes one prompt; padding is attended like any text, as CogVideoX was trained.
  func encode(_ prompt: String) throws -> TextCondition {
    let tokens = try tokenizer.encode(prompt, length: maximumTokens)
    return TextCondition(
      states: try encoder.encode(tokens.ids), validTokens: maximumTokens, truncatedTokens: tokens.truncatedCount,
      truncatedText: tokens.truncatedText)
  }
}
