import Checkpoint
import Foundation

/// What `tokenizer_config.json` and `special_tokens_map.json` say of a byte-level tokenizer; each may be missing.
struct BytePairSettings {
  /// The token before the text, the one after it, the one that fills up short prompts, and the one of unknown text; a
  /// token that has no id there has the id 0 here.
  private(set) var opening, closing, padding, unknown: AddedToken?
  /// The tokens with a given id.
  private(set) var addedTokens: [AddedToken] = []

  /// Reads a folder.
  /// - Throws: ``TokenizerError`` with code `invalidTokenizer` for a malformed file, and `unsupportedTokenizer` when
  ///   prompts are to be padded or cut on the left: states of a prompt must start with its first token.
  init(folder: URL) throws {
    for name in ["special_tokens_map.json", "tokenizer_config.json"] {
      let url = folder.appendingPathComponent(name)
      guard FileManager.default.fileExists(atPath: url.path) else { continue }
      let object = try JSONFile.read(url, maximumByteCount: 64 << 20)
      guard object.object != nil else {
        throw TokenizerError(.invalidTokenizer, "\(url.path): expected a JSON object, this is \(object.summary).")
      }
      func token(_ key: String) -> AddedToken? {
        guard let value = object[key] else { return nil }
        return value.string.map { AddedToken(content: $0, id: 0) } ?? AddedToken(value, id: 0)
      }
      opening = token("bos_token") ?? opening
      closing = token("eos_token") ?? closing
      padding = token("pad_token") ?? padding
      unknown = token("unk_token") ?? unknown
      for key in ["padding_side", "truncation_side"] {
        guard let side = object[key], side != .null, side.string != "right" else { continue }
        throw TokenizerError(
          .unsupportedTokenizer,
          "\(url.path): \"\(key)\" is \(side.summary); only \"right\" is supported, with which video models are trained."
        )
      }
      for (key, value) in object["added_tokens_decoder"]?.object ?? JSONObject() {
        guard let id = Int32(key), id >= 0, id < 1 << 24, let token = AddedToken(value, id: id) else {
          throw TokenizerError(
            .invalidTokenizer, "\(url.path): \"added_tokens_decoder\" has no token at \"\(key.prefix(40))\".")
        }
        addedTokens.append(token)
      }
    }
  }
}
