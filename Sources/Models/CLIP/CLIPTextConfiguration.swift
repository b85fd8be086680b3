import Compute

/// What `config.json` of a `CLIPTextModel` says.
struct CLIPTextConfiguration: Decodable, Sendable {
  /// `C`: width of the states.
  let width: Int
  /// Width of the middle of the feed-forward layers.
  let feedForwardWidth: Int
  /// Layers.
  let layers: Int
  /// `H`: heads.
  let heads: Int
  /// Rows of the table of positions: the longest sequence.
  let maximumTokens: Int
  /// `ε` of the norms.
  let epsilon: Float
  /// Rows of the embedding table.
  let vocabulary: Int
  /// What the feed-forward layers apply.
  let activation: Activation
  /// The id of the token whose state stands for the text.
  let closingID: Int

  private enum CodingKeys: String, CodingKey {
    case width = "hidden_size"
    case feedForwardWidth = "intermediate_size"
    case layers = "num_hidden_layers"
    case heads = "num_attention_heads"
    case maximumTokens = "max_position_embeddings"
    case epsilon = "layer_norm_eps"
    case vocabulary = "vocab_size"
    case activation = "hidden_act"
    case closingID = "eos_token_id"
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    width = try values.value(.width, default: 512)
    feedForwardWidth = try values.value(.feedForwardWidth, default: 2048)
    layers = try values.value(.layers, default: 12)
    heads = try values.value(.heads, default: 8)
    maximumTokens = try values.value(.maximumTokens, default: 77)
    epsilon = try values.value(.epsilon, default: 1e-5)
    vocabulary = try values.value(.vocabulary, default: 49408)
    closingID = try values.value(.closingID, default: 49407)
    let name = try values.value(.activation, default: "quick_gelu")
    switch name {
    case "quick_gelu": activation = .quickGELU
    case "gelu": activation = .gelu
    default:
      throw ModelError(
        .unsupportedConfiguration,
        "the text encoder's hidden_act is \"\(name)\"; supported: \"quick_gelu\", \"gelu\"")
    }
    let sizes: [(CodingKeys, Int)] = [
      (.width, width), (.feedForwardWidth, feedForwardWidth), (.layers, layers), (.heads, heads),
      (.maximumTokens, maximumTokens),
    ]
    try requireSizes(sizes, of: "the text encoder")
    try requireSizes([(CodingKeys.vocabulary, vocabulary)], of: "the text encoder", atMost: SizeLimit.vocabulary)
    try require(
      width % heads == 0,
      "the text encoder's hidden_size \(width) must be a multiple of its num_attention_heads \(heads)")
  }

  /// Where the token lies whose state stands for the text: the first closing token, else the first of all.
  ///
  /// Configurations that give the closing token the id 2 are those of the first published models, where the number is
  /// wrong: there it is the token with the largest id.
  func pooledPosition(_ ids: [Int32]) -> Int {
    let closing = closingID == 2 ? ids.max() : Int32(exactly: closingID)
    return closing.flatMap { ids.firstIndex(of: $0) } ?? 0
  }
}
