import Checkpoint
import Foundation

/// The words of a model that was trained on few, in an optional `prompt_words.txt` beside `model_index.json`.
///
/// A line is a kind of words, a colon, and its words with commas between them: `shapes: circle, square`. Case counts, as it
/// does for such a model's tokenizer. diffusers does not read the file.
public struct PromptWords: Hashable, Sendable {
  /// The kinds with their words, as a person reads them.
  public let kinds: [String]
  private let words: Set<Substring>

  /// Reads the words of a directory.
  /// - Returns: `nil` for a directory without such a file: its model was trained on too many words to list.
  /// - Throws: `CheckpointError` for a file that cannot be read, ``ModelError`` for a line that is none; both name the file.
  public static func read(_ directory: ModelDirectory) throws -> PromptWords? {
    let url = directory.url.appending(path: "prompt_words.txt")
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    let text = String(decoding: try JSONFile.bytes(url, maximumByteCount: 1 << 16), as: UTF8.self)
    var words: Set<Substring> = []
    let kinds = text.split(separator: "\n")
    for line in kinds {
      let parts = line.split(separator: ":")
      try require(parts.count == 2, "\(url.path): “\(line)” is no kind of words, such as “shapes: circle, square”")
      words.formUnion(parts[1].split { $0 == "," || $0.isWhitespace })
    }
    return PromptWords(kinds: kinds.map(String.init), words: words)
  }

  /// The words of a text that the model was not trained on, each once, in their order.
  ///
  /// A word is what lies between spaces, without a comma, a full stop or another such mark behind it.
  public func unknown(in text: String) -> [String] {
    var unknown: [String] = []
    for part in text.split(whereSeparator: \.isWhitespace) {
      let end = part.lastIndex { !$0.isPunctuation }
      guard let end else { continue }
      let word = part[...end]
      guard !words.contains(word), !unknown.contains(String(word)) else { continue }
      unknown.append(String(word))
    }
    return unknown
  }
}
