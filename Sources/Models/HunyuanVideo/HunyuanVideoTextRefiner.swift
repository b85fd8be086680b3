import Compute
import Tensor

/// Prepares the text for the transformer: a small transformer of its own whose gates depend on the timestep and on the
/// mean of the text.
///
/// Padding is left out before the first layer: the reference lets every real token attend to real tokens only, and what it
/// computes for padding is never seen.
/// - SeeAlso: Section 4.2.2 of "HunyuanVideo: A Systematic Framework For Large Video Generative Models",
///   <https://arxiv.org/abs/2412.03603>.
struct HunyuanVideoTextRefiner: Sendable {
  /// A layer: self-attention and a feed-forward network, both gated.
  private struct Block: Sendable {
    let attentionNorm, feedForwardNorm: RowNormalization
    let query, key, value, output, expand, contract: any LinearLayer
    let gates: AdaptiveVectors

    init(width: Int, weights: LayerLoader) throws {
      attentionNorm = try weights["norm1"].rowNormalization(.layer, channels: width, epsilon: 1e-6)
      feedForwardNorm = try weights["norm2"].rowNormalization(.layer, channels: width, epsilon: 1e-6)
      let attention = weights["attn"]
      query = try attention["to_q"].linear(from: width, to: width)
      key = try attention["to_k"].linear(from: width, to: width)
      value = try attention["to_v"].linear(from: width, to: width)
      output = try attention["to_out"][0].linear(from: width, to: width)
      expand = try weights["ff.net"][0]["proj"].linear(from: width, to: 4 * width)
      contract = try weights["ff.net"][2].linear(from: 4 * width, to: width)
      gates = try AdaptiveVectors(2, width: width, weights: weights["norm_out.linear"])
    }
  }

  private let device: any ComputeDevice
  private let heads: Int
  private let time: NumberEmbedding
  private let text: VectorProjection
  private let input: any LinearLayer
  private let blocks: [Block]

  /// Loads the refiner.
  init(_ configuration: HunyuanVideoTransformerConfiguration, weights: LayerLoader) throws {
    let width = configuration.width
    device = weights.device
    heads = configuration.heads
    time = try NumberEmbedding(to: width, weights: weights["time_text_embed.timestep_embedder"])
    text = try VectorProjection(
      from: configuration.textWidth, to: width, weights: weights["time_text_embed.text_embedder"])
    input = try weights["proj_in"].linear(from: configuration.textWidth, to: width)
    let layers = weights["token_refiner.refiner_blocks"]
    blocks = try (0..<configuration.refinerLayers).map { try Block(width: width, weights: layers[$0]) }
  }

  /// Refines the text of one sample.
  /// - Parameter states: `[n, text width]`, without padding; at least one row.
  /// - Returns: `[n, C]`.
  func run(_ states: Tensor, timestep: Float) throws -> Tensor {
    var step = try time(timestep)
    try device.add(text(mean(states)), to: &step)
    step = try device.activate(step, .silu)
    var hidden = try device.linear(states, input)
    let rows = 0..<hidden.shape[0]
    let scale = 1 / Float(hidden.shape[1] / heads).squareRoot()
    for block in blocks {
      try Task.checkCancellation()
      let gates = try block.gates(step)
      let normed = try device.normalize(hidden, block.attentionNorm, modulation: [])
      let attended = try device.attendText(
        query: device.linear(normed, block.query), key: device.linear(normed, block.key),
        value: device.linear(normed, block.value), heads: heads, keyHeads: heads, scale: scale, bias: nil,
        isCausal: false)
      try device.addLinear(attended, block.output, to: &hidden, gates: [RowGate(rows: rows, gate: gates[0])])
      let middle = try device.linear(
        device.normalize(hidden, block.feedForwardNorm, modulation: []), block.expand, activation: .silu)
      try device.addLinear(middle, block.contract, to: &hidden, gates: [RowGate(rows: rows, gate: gates[1])])
    }
    return hidden
  }

  /// The mean of the rows, `[1, text width]`: what attention gives when all scores are equal. So nothing waits for the
  /// device to have it.
  private func mean(_ states: Tensor) throws -> Tensor {
    let width = states.shape[1]
    // A head for each 64 channels: heads share the work of one row.
    let heads = width % 64 == 0 ? width / 64 : 1
    return try device.attendText(
      query: states.slice(0..<1), key: states, value: states, heads: heads, keyHeads: heads, scale: 0, bias: nil,
      isCausal: false)
  }
}
