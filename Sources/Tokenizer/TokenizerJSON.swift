import Checkpoint

/// The parts of a `tokenizer.json` (the format of the *tokenizers* library).
struct TokenizerJSON {
  /// The file, for messages.
  let path: String
  /// The family whose tokenizers are read, for messages: `T5`.
  let kind: String
  /// What the file holds.
  let root: JSONValue

  /// The error for a damaged file.
  func invalid(_ what: String) -> TokenizerError { TokenizerError(.invalidTokenizer, "\(path): \(what).") }

  /// The error for a tokenizer of another kind.
  func unsupported(_ what: String) -> TokenizerError {
    TokenizerError(.unsupportedTokenizer, "\(path): \(what); only tokenizers like those of \(kind) are supported.")
  }

  /// A part and, when it is a sequence, its parts instead.
  func parts(_ key: String, _ list: String) -> [JSONValue] {
    guard let value = root[key], value != .null else { return [] }
    guard value["type"]?.string == "Sequence" else { return [value] }
    return value[list]?.array ?? []
  }

  /// The added tokens with their rules.
  func addedTokens() throws -> [AddedToken] {
    try (root["added_tokens"]?.array ?? []).map { value in
      guard let id = value["id"]?.int.flatMap({ Int32(exactly: $0) }), id >= 0, let token = AddedToken(value, id: id)
      else { throw invalid("an added token has no content or no id") }
      return token
    }
  }

  /// The ids around the text.
  /// - Parameter neutral: The kinds of processors that add no ids.
  func template(neutral: Set<String> = []) throws -> (opening: [Int32], closing: [Int32]) {
    let parts = parts("post_processor", "processors").filter { !neutral.contains($0["type"]?.string ?? "") }
    guard !parts.isEmpty else { return ([], []) }
    guard parts.count == 1, parts[0]["type"]?.string == "TemplateProcessing", let items = parts[0]["single"]?.array
    else { throw unsupported("the post-processor is no TemplateProcessing") }
    var opening: [Int32] = []
    var closing: [Int32] = []
    var sawText = false
    for item in items {
      if item["Sequence"] != nil {
        guard !sawText else { throw unsupported("the template holds the text twice") }
        sawText = true
        continue
      }
      guard let name = item["SpecialToken"]?["id"]?.string,
        let ids = parts[0]["special_tokens"]?[name]?["ids"]?.array
      else { throw invalid("the template names a token that it does not describe") }
      let numbers = try ids.map { value in
        guard let id = value.int.flatMap({ Int32(exactly: $0) }), id >= 0 else {
          throw invalid("the template's token \"\(name)\" has the id \(value.summary)")
        }
        return id
      }
      if sawText { closing += numbers } else { opening += numbers }
    }
    guard sawText else { throw invalid("the template holds no text") }
    return (opening, closing)
  }
}
