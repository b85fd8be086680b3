import Attention
import Compute
import Tensor

/// A layer of the CogVideoX transformer: attention over text and video together, then a feed-forward network, both
/// with adaptive norms and gates that differ for text and video.
///
/// - SeeAlso: Yang et al., "CogVideoX: Text-to-Video Diffusion Models with An Expert Transformer", Section 2.2,
///   <https://arxiv.org/abs/2408.06072>.
struct CogVideoXBlock: Sendable {
  private let configuration: CogVideoXTransformerConfiguration
  private let device: any ComputeDevice
  private let attentionNorm, feedForwardNorm: AdaptiveNorm
  private let projection, output, expand, contract: any LinearLayer
  private let queryNorm, keyNorm: HeadNormalization

  /// A norm whose scale, shift and gate, for video and text, are linear in the embedding of the timestep.
  private struct AdaptiveNorm: Sendable {
    let linear: any LinearLayer
    let norm: RowNormalization

    init(_ configuration: CogVideoXTransformerConfiguration, _ weights: LayerLoader) throws {
      linear = try weights["linear"].linear(from: configuration.timeWidth, to: 6 * configuration.width)
      norm = try weights["norm"].rowNormalization(
        .layer, channels: configuration.width, epsilon: configuration.epsilon,
        isAffine: configuration.hasAffineNorms)
    }

    /// The vectors for one timestep; the linear layer gives shift, scale and gate of the video, then of the text.
    func modulation(
      _ time: Tensor, layout: TokenLayout, on device: any ComputeDevice
    ) throws -> (rows: [RowModulation], gates: [RowGate]) {
      let result = try device.convert(device.linear(time, linear), to: .float32)
      let vectors = result.reshaped([6, result.shape.count / 6])
      func vector(_ index: Int) -> Tensor {
        vectors.slice(index..<index + 1).reshaped([vectors.shape[1]])
      }
      let parts = [(layout.videoRange, 0), (layout.textRange, 3)]
      return (
        parts.map { RowModulation(rows: $0, scale: vector($1 + 1), shift: vector($1)) },
        parts.map { RowGate(rows: $0, gate: vector($1 + 2)) }
      )
    }
  }

  /// Loads the layer.
  init(_ configuration: CogVideoXTransformerConfiguration, weights: LayerLoader) throws {
    self.configuration = configuration
    device = weights.device
    let width = configuration.width
    let attention = weights["attn1"]
    attentionNorm = try AdaptiveNorm(configuration, weights["norm1"])
    feedForwardNorm = try AdaptiveNorm(configuration, weights["norm2"])
    projection = try attention.linear(
      stacking: ["to_q", "to_k", "to_v"], from: width, to: width, bias: configuration.hasAttentionBias)
    queryNorm = try attention["norm_q"].headNormalization(
      .layer, headDimension: configuration.headDimension, epsilon: 1e-6)
    keyNorm = try attention["norm_k"].headNormalization(
      .layer, headDimension: configuration.headDimension, epsilon: 1e-6)
    output = try attention["to_out"][0].linear(from: width, to: width)
    expand = try weights["ff.net"][0]["proj"].linear(from: width, to: 4 * width)
    contract = try weights["ff.net"][2].linear(from: 4 * width, to: width)
  }

  /// Runs the layer.
  /// - Parameters:
  ///   - hidden: `[S, C]`, text and video in sequence order; written in place.
  ///   - time: `[1, time width]`, the activated embedding of the timestep.
  ///   - rotary: The rotation of video queries and keys, if any.
  func run(
    _ hidden: inout Tensor, time: Tensor, layout: TokenLayout, rotary: RotaryTable?,
    attention: any AttentionMechanism, at site: AttentionSite
  ) throws {
    let first = try attentionNorm.modulation(time, layout: layout, on: device)
    let packed = try device.linear(
      device.normalize(hidden, attentionNorm.norm, modulation: first.rows), projection)
    func segment(_ rows: Range<Int>, _ rotary: RotaryTable?) -> AttentionProjection.Segment {
      AttentionProjection.Segment(
        packed: packed.slice(rows), queryNormalization: queryNorm, keyNormalization: keyNorm, rotary: rotary)
    }
    let attended = try attention.attend(
      AttentionProjection(
        layout: layout, heads: configuration.heads, headDimension: configuration.headDimension,
        text: segment(layout.textRange, nil), video: segment(layout.videoRange, rotary)),
      at: site)
    try device.addLinear(attended, output, to: &hidden, gates: first.gates)

    let second = try feedForwardNorm.modulation(time, layout: layout, on: device)
    let middle = try device.linear(
      device.normalize(hidden, feedForwardNorm.norm, modulation: second.rows), expand, activation: .geluTanh)
    try device.addLinear(middle, contract, to: &hidden, gates: second.gates)
  }
}
