import Checkpoint
import Compute
import Tensor

/// The encoder of T5: turns token ids into states.
///
/// - SeeAlso: Raffel et al., "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer",
///   <https://arxiv.org/abs/1910.10683>; the gated form: Shazeer, <https://arxiv.org/abs/2002.05202>.
struct T5Encoder: Sendable {
  private struct Layer: Sendable {
    let attentionNorm: RowNormalization
    let query, key, value, output: any LinearLayer
    let feedForwardNorm: RowNormalization
    let expand, contract: any LinearLayer
  }

  private let configuration: T5Configuration
  private let device: any ComputeDevice
  private let embeddings: Tensor
  private let positionTable: Tensor
  private let layers: [Layer]
  private let finalNorm: RowNormalization

  /// Loads the encoder.
  /// - Throws: `CheckpointError` for a missing tensor or one of a wrong shape, and what the device throws.
  init(_ configuration: T5Configuration, weights: LayerLoader) throws {
    self.configuration = configuration
    device = weights.device
    embeddings = try weights.scope.tensor(
      "shared.weight", shape: [configuration.vocabulary, configuration.modelWidth])
    positionTable = try weights.scope.tensor(
      "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
      shape: [configuration.relativePositionBuckets, configuration.heads])
    let blocks = weights["encoder.block"]
    layers = try (0..<configuration.layers).map { try Self.loadLayer(configuration, blocks[$0]["layer"]) }
    finalNorm = try Self.loadNorm(configuration, weights["encoder.final_layer_norm"])
  }

  private static func loadNorm(_ configuration: T5Configuration, _ weights: LayerLoader) throws -> RowNormalization {
    try weights.rowNormalization(
      .rootMeanSquare, channels: configuration.modelWidth, epsilon: configuration.epsilon, bias: false)
  }

  private static func loadLayer(_ configuration: T5Configuration, _ weights: LayerLoader) throws -> Layer {
    let width = configuration.modelWidth
    let inner = configuration.heads * configuration.headDimension
    let attention = weights[0]["SelfAttention"]
    let feedForward = weights[1]["DenseReluDense"]
    let expansion = configuration.feedForward == .relu ? ["wi"] : ["wi_0", "wi_1"]
    return Layer(
      attentionNorm: try loadNorm(configuration, weights[0]["layer_norm"]),
      query: try attention["q"].linear(from: width, to: inner, bias: false),
      key: try attention["k"].linear(from: width, to: inner, bias: false),
      value: try attention["v"].linear(from: width, to: inner, bias: false),
      output: try attention["o"].linear(from: inner, to: width, bias: false),
      feedForwardNorm: try loadNorm(configuration, weights[1]["layer_norm"]),
      expand: try feedForward.linear(
        stacking: expansion, from: width, to: configuration.feedForwardWidth, bias: false),
      contract: try feedForward["wo"].linear(from: configuration.feedForwardWidth, to: width, bias: false))
  }

  /// The states of a sequence of tokens; all tokens are attended, padding too, as video models use T5.
  /// - Parameter ids: Token ids below the size of the vocabulary.
  /// - Returns: `[ids.count, C]`, activations.
  /// - Throws: What the device throws; `CancellationError` between layers.
  func encode(_ ids: [Int32]) throws -> Tensor {
    let positions = T5RelativePositions(
      buckets: configuration.relativePositionBuckets, maximumDistance: configuration.relativePositionDistance)
    let bias = try device.upload(
      positions.biases(count: ids.count, heads: configuration.heads, table: positionTable), as: .float32)
    var states = try device.embed(ids, table: embeddings)
    for layer in layers {
      try Task.checkCancellation()
      let normed = try device.normalize(states, layer.attentionNorm, modulation: [])
      let attended = try device.attendText(
        query: device.linear(normed, layer.query), key: device.linear(normed, layer.key),
        value: device.linear(normed, layer.value), heads: configuration.heads, keyHeads: configuration.heads, scale: 1,
        bias: bias, isCausal: false)
      try device.addLinear(attended, layer.output, to: &states, gates: [])
      let input = try device.normalize(states, layer.feedForwardNorm, modulation: [])
      try device.addLinear(expand(input, layer.expand), layer.contract, to: &states, gates: [])
    }
    return try device.normalize(states, finalNorm, modulation: [])
  }

  private func expand(_ input: Tensor, _ layer: any LinearLayer) throws -> Tensor {
    switch configuration.feedForward {
    case .relu: try device.linear(input, layer, activation: .relu)
    case .gatedGELU: try device.gate(device.linear(input, layer), activation: .geluTanh)
    }
  }
}
