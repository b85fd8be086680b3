import Checkpoint
import Compute
import Tensor

/// The first layers of a Llama language model, whose states describe a text to a video model.
///
/// Every token sees itself and the tokens before it. So padding on the right changes nothing about the text, and is
/// left out. Layers behind the wanted state, the last norm and the output layer are neither loaded nor run.
/// - SeeAlso: Touvron et al., "LLaMA", <https://arxiv.org/abs/2302.13971>; grouped queries: Ainslie et al.,
///   <https://arxiv.org/abs/2305.13245>; the gated feed-forward layer: Shazeer, <https://arxiv.org/abs/2002.05202>.
struct LlamaEncoder: Sendable {
  private struct Layer: Sendable {
    let attentionNorm: RowNormalization
    let query, key, value, output: any LinearLayer
    let feedForwardNorm: RowNormalization
    let expand, contract: any LinearLayer
  }

  private let configuration: LlamaConfiguration
  private let device: any ComputeDevice
  private let embeddings: Tensor
  private let layers: [Layer]

  /// Loads the layers that are run, one after the other.
  /// - Parameter skippedLayers: How many of the last layers the wanted states come before; at least 1, because a norm
  ///   follows the last layer.
  /// - Throws: `CheckpointError` for a missing tensor or one of a wrong shape, ``ModelError`` when there are not as
  ///   many layers, and what the device throws.
  init(_ configuration: LlamaConfiguration, skippedLayers: Int, weights: LayerLoader) throws {
    precondition(skippedLayers >= 1, "the state after the last layer is another one")
    try require(
      configuration.layers > skippedLayers,
      "the text encoder has \(configuration.layers) layers; the states before the last \(skippedLayers) are needed")
    // A model that was saved with its output layer has its own name before all others.
    let weights = weights.scope.contains("model.embed_tokens.weight") ? weights["model"] : weights
    self.configuration = configuration
    device = weights.device
    embeddings = try weights.scope.tensor(
      "embed_tokens.weight", shape: [configuration.vocabulary, configuration.width])
    layers = try (0..<configuration.layers - skippedLayers).map {
      try Self.loadLayer(configuration, weights["layers"][$0])
    }
  }

  private static func loadLayer(_ configuration: LlamaConfiguration, _ weights: LayerLoader) throws -> Layer {
    let width = configuration.width
    let queryWidth = configuration.heads * configuration.headDimension
    let keyWidth = configuration.keyHeads * configuration.headDimension
    let (attention, feedForward) = (weights["self_attn"], weights["mlp"])
    let (hasBias, hasFeedForwardBias) = (configuration.hasAttentionBias, configuration.hasFeedForwardBias)
    func norm(_ name: String) throws -> RowNormalization {
      try weights[name].rowNormalization(.rootMeanSquare, channels: width, epsilon: configuration.epsilon, bias: false)
    }
    return Layer(
      attentionNorm: try norm("input_layernorm"),
      query: try attention["q_proj"].linear(from: width, to: queryWidth, bias: hasBias),
      key: try attention["k_proj"].linear(from: width, to: keyWidth, bias: hasBias),
      value: try attention["v_proj"].linear(from: width, to: keyWidth, bias: hasBias),
      output: try attention["o_proj"].linear(from: queryWidth, to: width, bias: hasBias),
      feedForwardNorm: try norm("post_attention_layernorm"),
      expand: try feedForward.linear(
        stacking: ["gate_proj", "up_proj"], from: width, to: configuration.feedForwardWidth, bias: hasFeedForwardBias),
      contract: try feedForward["down_proj"].linear(
        from: configuration.feedForwardWidth, to: width, bias: hasFeedForwardBias))
  }

  /// The states of a sequence of tokens after the last layer that was loaded.
  /// - Parameter ids: Token ids below the size of the vocabulary, without padding.
  /// - Returns: `[ids.count, C]`, activations.
  /// - Throws: What the device throws; `CancellationError` between layers.
  /// - Precondition: There are ids, and each is inside the vocabulary.
  func encode(_ ids: [Int32]) throws -> Tensor {
    precondition(!ids.isEmpty && ids.allSatisfy { (0..<configuration.vocabulary).contains(Int($0)) })
    let tables = configuration.rotation.tables(count: ids.count, headDimension: configuration.headDimension)
    let cosine = try device.upload(tables.cosine, as: .float32)
    let sine = try device.upload(tables.sine, as: .float32)
    var states = try device.embed(ids, table: embeddings)
    for layer in layers {
      try Task.checkCancellation()
      let normed = try device.normalize(states, layer.attentionNorm, modulation: [])
      var query = try device.linear(normed, layer.query)
      var key = try device.linear(normed, layer.key)
      try device.rotateText(&query, heads: configuration.heads, cosine: cosine, sine: sine)
      try device.rotateText(&key, heads: configuration.keyHeads, cosine: cosine, sine: sine)
      let attended = try device.attendText(
        query: query, key: key, value: device.linear(normed, layer.value), heads: configuration.heads,
        keyHeads: configuration.keyHeads, scale: 1 / Float(configuration.headDimension).squareRoot(), bias: nil,
        isCausal: true)
      try device.addLinear(attended, layer.output, to: &states, gates: [])
      let input = try device.normalize(states, layer.feedForwardNorm, modulation: [])
      let middle = try device.gate(device.linear(input, layer.expand), activation: .silu)
      try device.addLinear(middle, layer.contract, to: &states, gates: [])
    }
    return states
  }
}
