import Checkpoint
import Foundation
import Tokenizer

/// The tokenizers of both text encoders.
struct HunyuanVideoTokenizers: Sendable {
  /// The classes that `model_index.json` may name for Llama.
  private static let llamaClasses = [
    "LlamaTokenizerFast", "LlamaTokenizer", "PreTrainedTokenizerFast", "TokenizersBackend",
  ]
  /// The classes that `model_index.json` may name for CLIP.
  private static let clipClasses = ["CLIPTokenizer", "CLIPTokenizerFast"]

  /// Of the language model.
  let llama: BytePairTokenizer
  /// Of the encoder of the whole prompt.
  let clip: BytePairTokenizer
  /// Llama's tokens of what stands after the prompt.
  let closingTokens: Int

  /// Reads both.
  /// - Throws: `CheckpointError` for one that is missing or of another class, `TokenizerError` for one that is damaged or not
  ///   supported; ``ModelError`` for one that does not go with its encoder.
  init(directory: ModelDirectory, configurations: HunyuanVideoTextConfigurations) throws {
    llama = try .llama(folder: directory.component("tokenizer", oneOf: Self.llamaClasses).folder)
    clip = try .clip(folder: directory.component("tokenizer_2", oneOf: Self.clipClasses).folder)
    for (name, count, rows) in [
      ("tokenizer", llama.vocabularyCount, configurations.llama.vocabulary),
      ("tokenizer_2", clip.vocabularyCount, configurations.clip.vocabulary),
    ] {
      try require(
        count <= rows,
        "\(directory.url.path): the ids of \(name) go up to \(count - 1), but its text encoder has a vocab_size of "
          + "\(rows); they are not of one model")
    }
    let bare = llama.encode("", length: 16).tokenCount
    closingTokens = llama.encode(HunyuanVideoPrompt.closing, length: 64).tokenCount - bare
    let opening = llama.encode(HunyuanVideoPrompt.opening, length: 4096).tokenCount
    let cropped = HunyuanVideoPrompt.croppedTokens
    try require(
      opening + closingTokens > cropped && opening < cropped + HunyuanVideoPrompt.maximumTokens,
      "\(directory.url.path): the tokenizer makes \(opening) tokens of the text before the prompt; Llama 3's makes "
        + "\(cropped), and as many are cut off")
  }
}
