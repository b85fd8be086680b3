import Checkpoint
import Foundation

extension BytePairVocabulary {
  /// Reads a `tokenizer.json`.
  /// - Parameters:
  ///   - folder: The folder that holds it.
  ///   - kind: The family whose tokenizers are expected, for messages.
  /// - Throws: ``TokenizerError`` with code `unsupportedTokenizer` for a part that is not known here,
  ///   `invalidTokenizer` for a damaged one.
  init(json folder: URL, kind: String) throws {
    let settings = try BytePairSettings(folder: folder)
    let url = folder.appendingPathComponent("tokenizer.json")
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw TokenizerError(
        .missingTokenizer, "\(folder.path): there is no tokenizer that can be read; fetch the model again.")
    }
    let reader = TokenizerJSON(
      path: url.path, kind: kind, root: try JSONFile.read(url, maximumByteCount: Self.maximumByteCount))
    let parts = try reader.bytePairs()
    model = try BytePairModel(parts, path: url.path)
    normalizers = try reader.normalizers()
    patterns = try reader.wordPatterns()
    var tokens = try reader.addedTokens()
    // The configuration may know tokens that were added after the file was written.
    for token in settings.addedTokens where !tokens.contains(where: { $0.content == token.content }) {
      tokens.append(token)
    }
    addedTokens = tokens
    let (opening, closing) = try reader.robertaEnds() ?? reader.template(neutral: ["ByteLevel"])
    guard opening.count + closing.count <= Self.maximumEnds else {
      throw reader.unsupported("\(opening.count + closing.count) tokens stand around every text")
    }
    (self.opening, self.closing) = (opening, closing)
    count = max(Self.count(parts.vocabulary, tokens), Int((opening + closing).max() ?? 0) + 1)
    // A tokenizer that names no padding token is used with the token that ends texts.
    let padding = settings.padding?.content ?? settings.closing?.content
    guard let padding, let id = tokens.first(where: { $0.content == padding })?.id ?? parts.vocabulary[padding] else {
      throw TokenizerError(
        .invalidTokenizer,
        "\(url.path): there is no padding token"
          + (padding.map { " \"\($0)\"." } ?? "; tokenizer_config.json must name it as \"pad_token\"."))
    }
    paddingID = id
  }
}

/// What is a byte-level tokenizer's own in a `tokenizer.json`.
extension TokenizerJSON {
  /// The vocabulary and its merges, which are written as `"a b"` or as `["a", "b"]`.
  fileprivate func bytePairs() throws -> BytePairModel.Parts {
    guard let model = root["model"], model["type"]?.string ?? "BPE" == "BPE" else {
      throw unsupported("the model is no BPE")
    }
    guard model["byte_fallback"]?.bool != true else { throw unsupported("the model falls back to bytes") }
    guard model["dropout"]?.double ?? 0 == 0 else { throw unsupported("the model drops merges at random") }
    guard model["continuing_subword_prefix"]?.string ?? "" == "" else {
      throw unsupported("the model marks the middles of words")
    }
    guard let vocabulary = model["vocab"], let merges = model["merges"]?.array else {
      throw invalid("the vocabulary or its merges are missing")
    }
    let pairs = try merges.enumerated().map { number, merge in
      if let text = merge.string { return try BytePairVocabulary.merge(text, number, path: path) }
      guard let pair = merge.array, pair.count == 2, let first = pair[0].string, let second = pair[1].string else {
        throw invalid("merge \(number) is \(merge.summary); expected two tokens")
      }
      return (first, second)
    }
    return BytePairModel.Parts(
      vocabulary: try BytePairVocabulary.ids(vocabulary, path: path), merges: pairs,
      wordEnd: model["end_of_word_suffix"]?.string ?? "", unknown: model["unk_token"]?.string,
      ignoresMerges: model["ignore_merges"]?.bool ?? false)
  }

  /// The changes of the text.
  fileprivate func normalizers() throws -> [TextNormalizer] {
    try parts("normalizer", "normalizers").map { part in
      switch part["type"]?.string {
      case "NFC": return .composed
      case "Lowercase": return .lowercased
      case "Replace" where part["pattern"]?["Regex"]?.string == #"\s+"# && part["content"]?.string == " ":
        return .singleSpaces
      case let type: throw unsupported("the normalizer \"\(type ?? "")\" is not known")
      }
    }
  }

  /// The patterns that cut words; the last part must turn them into bytes.
  fileprivate func wordPatterns() throws -> [WordPattern] {
    let parts = parts("pre_tokenizer", "pretokenizers")
    guard let last = parts.last, last["type"]?.string == "ByteLevel" else {
      throw unsupported("the pre-tokenizer does not end with ByteLevel")
    }
    guard last["add_prefix_space"]?.bool != true else { throw unsupported("the pre-tokenizer puts a space first") }
    var patterns = try parts.dropLast().map { part in
      guard part["type"]?.string == "Split", let text = part["pattern"]?["Regex"]?.string else {
        throw unsupported("the pre-tokenizer \"\(part["type"]?.string ?? "")\" is not known")
      }
      guard let pattern = WordPattern(regularExpression: text) else {
        throw unsupported("the pattern \"\(text.prefix(200))\" that cuts words is not known")
      }
      // What the pattern finds are the words, and what it leaves between them counts for nothing.
      let keepsWords = part["behavior"]?.string == "Removed" && part["invert"]?.bool == true
      let keepsAll = part["behavior"]?.string == "Isolated" && part["invert"]?.bool != true
      guard keepsWords || keepsAll && !pattern.leavesSpaces else {
        throw unsupported("the pre-tokenizer keeps what the pattern \"\(text.prefix(200))\" does not find")
      }
      return pattern
    }
    if last["use_regex"]?.bool ?? true { patterns.append(.gpt2) }
    guard !patterns.isEmpty else { throw unsupported("nothing cuts the text into words") }
    return patterns
  }

  /// The ids around the text where they are written in RoBERTa's way, `[token, id]` each; `nil` for other ways.
  fileprivate func robertaEnds() throws -> (opening: [Int32], closing: [Int32])? {
    guard let processor = root["post_processor"], processor["type"]?.string == "RobertaProcessing" else { return nil }
    let ids = try ["cls", "sep"].map { key in
      guard let pair = processor[key]?.array, pair.count == 2, let id = pair[1].int.flatMap({ Int32(exactly: $0) }),
        id >= 0
      else { throw invalid("the post-processor's \"\(key)\" is no pair of a token and its id") }
      return id
    }
    return ([ids[0]], [ids[1]])
  }
}
