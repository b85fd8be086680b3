import Checkpoint
import Compute
import Tensor

/// The text encoder of CLIP: one state that stands for a whole text.
///
/// Every token sees itself and the tokens before it; the closing token has seen all of the text. What follows it is
/// padding, which is not run.
/// - SeeAlso: Radford et al., "Learning Transferable Visual Models From Natural Language Supervision",
///   <https://arxiv.org/abs/2103.00020>.
struct CLIPTextEncoder: Sendable {
  private struct Layer: Sendable {
    let attentionNorm: RowNormalization
    let query, key, value, output: any LinearLayer
    let feedForwardNorm: RowNormalization
    let expand, contract: any LinearLayer
  }

  private let configuration: CLIPTextConfiguration
  private let device: any ComputeDevice
  private let embeddings: Tensor
  private let positions: Tensor
  private let layers: [Layer]
  private let finalNorm: RowNormalization

  /// Loads the encoder.
  /// - Throws: `CheckpointError` for a missing tensor or one of a wrong shape, and what the device throws.
  init(_ configuration: CLIPTextConfiguration, weights: LayerLoader) throws {
    // Versions of transformers before 5 put the model's own name before all others.
    let weights = weights.scope.contains("embeddings.token_embedding.weight") ? weights : weights["text_model"]
    self.configuration = configuration
    device = weights.device
    let tables = weights["embeddings"].scope
    embeddings = try tables.tensor(
      "token_embedding.weight", shape: [configuration.vocabulary, configuration.width])
    positions = try tables.tensor(
      "position_embedding.weight", shape: [configuration.maximumTokens, configuration.width])
    layers = try (0..<configuration.layers).map { try Self.loadLayer(configuration, weights["encoder.layers"][$0]) }
    finalNorm = try Self.loadNorm(configuration, weights["final_layer_norm"])
  }

  private static func loadNorm(
    _ configuration: CLIPTextConfiguration, _ weights: LayerLoader
  ) throws -> RowNormalization {
    try weights.rowNormalization(.layer, channels: configuration.width, epsilon: configuration.epsilon)
  }

  private static func loadLayer(_ configuration: CLIPTextConfiguration, _ weights: LayerLoader) throws -> Layer {
    let width = configuration.width
    let (attention, feedForward) = (weights["self_attn"], weights["mlp"])
    return Layer(
      attentionNorm: try loadNorm(configuration, weights["layer_norm1"]),
      query: try attention["q_proj"].linear(from: width, to: width),
      key: try attention["k_proj"].linear(from: width, to: width),
      value: try attention["v_proj"].linear(from: width, to: width),
      output: try attention["out_proj"].linear(from: width, to: width),
      feedForwardNorm: try loadNorm(configuration, weights["layer_norm2"]),
      expand: try feedForward["fc1"].linear(from: width, to: configuration.feedForwardWidth),
      contract: try feedForward["fc2"].linear(from: configuration.feedForwardWidth, to: width))
  }

  /// The state that stands for a text.
  /// - Parameter ids: Token ids below the size of the vocabulary, padding included.
  /// - Returns: `[C]`, activations.
  /// - Throws: What the device throws; `CancellationError` between layers.
  /// - Precondition: There are ids, no more than positions, and each is inside the vocabulary.
  func pool(_ ids: [Int32]) throws -> Tensor {
    precondition(!ids.isEmpty && ids.count <= configuration.maximumTokens)
    precondition(ids.allSatisfy { (0..<configuration.vocabulary).contains(Int($0)) })
    let last = configuration.pooledPosition(ids)
    let seen = ids[...last]
    var states = try device.embed(Array(seen), table: embeddings)
    try device.add(device.embed(seen.indices.map(Int32.init), table: positions), to: &states)
    for layer in layers {
      try Task.checkCancellation()
      let normed = try device.normalize(states, layer.attentionNorm, modulation: [])
      let attended = try device.attendText(
        query: device.linear(normed, layer.query), key: device.linear(normed, layer.key),
        value: device.linear(normed, layer.value), heads: configuration.heads, keyHeads: configuration.heads,
        scale: 1 / Float(configuration.width / configuration.heads).squareRoot(), bias: nil, isCausal: true)
      try device.addLinear(attended, layer.output, to: &states, gates: [])
      let input = try device.normalize(states, layer.feedForwardNorm, modulation: [])
      let middle = try device.linear(input, layer.expand, activation: configuration.activation)
      try device.addLinear(middle, layer.contract, to: &states, gates: [])
    }
    return try device.normalize(states.slice(last..<last + 1), finalNorm, modulation: [])
      .reshaped([configuration.width])
  }
}
