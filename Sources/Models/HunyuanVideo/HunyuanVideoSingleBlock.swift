import Attention
import Compute
import Tensor

/// A single-stream layer of the HunyuanVideo transformer: text and video share all weights, and attention and the
/// feed-forward network run side by side from one normalized input.
///
/// The reference joins both results and multiplies them with one matrix. Here its columns are two layers whose products are
/// added, so that nothing is joined.
/// - SeeAlso: Section 4.2.2 of <https://arxiv.org/abs/2412.03603>; parallel layers: Dehghani et al.,
///   <https://arxiv.org/abs/2302.05442>.
struct HunyuanVideoSingleBlock: Sendable {
  private static let norm = RowNormalization(.layer, epsilon: 1e-6)

  private let configuration: HunyuanVideoTransformerConfiguration
  private let device: any ComputeDevice
  private let modulation: AdaptiveVectors
  private let projection, expand, output, contract: any LinearLayer
  private let queryNorm, keyNorm: HeadNormalization

  /// Loads the layer.
  init(_ configuration: HunyuanVideoTransformerConfiguration, weights: LayerLoader) throws {
    self.configuration = configuration
    device = weights.device
    let (width, inner) = (configuration.width, configuration.feedForwardWidth)
    let attention = weights["attn"]
    func norm(_ name: String) throws -> HeadNormalization {
      try attention[name].headNormalization(
        .rootMeanSquare, headDimension: configuration.headDimension, epsilon: 1e-6)
    }
    modulation = try AdaptiveVectors(3, width: width, weights: weights["norm.linear"])
    projection = try attention.linear(stacking: ["to_q", "to_k", "to_v"], from: width, to: width, bias: true)
    (queryNorm, keyNorm) = (try norm("norm_q"), try norm("norm_k"))
    expand = try weights["proj_mlp"].linear(from: width, to: inner)
    output = try weights["proj_out"].linear(columns: 0..<width, of: width + inner, to: width, bias: true)
    contract = try weights["proj_out"].linear(
      columns: width..<width + inner, of: width + inner, to: width, bias: false)
  }

  /// Runs the layer.
  /// - Parameters:
  ///   - hidden: `[S, C]`, video and text in sequence order; written in place.
  ///   - step: `[1, C]`, the activated embedding of the step.
  ///   - rotary: The rotation of the video's queries and keys.
  func run(
    _ hidden: inout Tensor, step: Tensor, layout: TokenLayout, rotary: RotaryTable,
    attention: any AttentionMechanism, at site: AttentionSite
  ) throws {
    let vectors = try modulation(step)
    let rows = 0..<hidden.shape[0]
    let normed = try device.normalize(
      hidden, Self.norm, modulation: [RowModulation(rows: rows, scale: vectors[1], shift: vectors[0])])
    let gates = [RowGate(rows: rows, gate: vectors[2])]
    // Attention first: what it needs is freed before the wide middle of the feed-forward network is made.
    let attended = try attend(normed, layout: layout, rotary: rotary, attention: attention, at: site)
    try device.addLinear(attended, output, to: &hidden, gates: gates)
    try device.addLinear(
      device.linear(normed, expand, activation: .geluTanh), contract, to: &hidden, gates: gates)
  }

  private func attend(
    _ normed: Tensor, layout: TokenLayout, rotary: RotaryTable, attention: any AttentionMechanism,
    at site: AttentionSite
  ) throws -> Tensor {
    let packed = try device.linear(normed, projection)
    func segment(_ rows: Range<Int>, _ rotary: RotaryTable?) -> AttentionProjection.Segment {
      AttentionProjection.Segment(
        packed: packed.slice(rows), queryNormalization: queryNorm, keyNormalization: keyNorm, rotary: rotary)
    }
    return try attention.attend(
      AttentionProjection(
        layout: layout, heads: configuration.heads, headDimension: configuration.headDimension,
        text: segment(layout.textRange, nil), video: segment(layout.videoRange, rotary)),
      at: site)
  }
}
