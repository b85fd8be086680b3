import Attention
import Compute
import Tensor

/// A dual-stream layer of the HunyuanVideo transformer: text and video have weights of their own and meet in attention.
///
/// - SeeAlso: Section 4.2.2 of <https://arxiv.org/abs/2412.03603>.
struct HunyuanVideoDualBlock: Sendable {
  /// The weights of one kind of token.
  private struct Stream: Sendable {
    let modulation: AdaptiveVectors
    let projection, output, expand, contract: any LinearLayer
    let queryNorm, keyNorm: HeadNormalization

    /// Loads a stream, whose layers diffusers names differently for video and text.
    init(
      _ configuration: HunyuanVideoTransformerConfiguration, weights: LayerLoader, modulation: String,
      projections: [String], norms: [String], output outputName: String, feedForward: String
    ) throws {
      let width = configuration.width
      let attention = weights["attn"]
      func norm(_ name: String) throws -> HeadNormalization {
        try attention[name].headNormalization(
          .rootMeanSquare, headDimension: configuration.headDimension, epsilon: 1e-6)
      }
      self.modulation = try AdaptiveVectors(6, width: width, weights: weights[modulation]["linear"])
      projection = try attention.linear(stacking: projections, from: width, to: width, bias: true)
      (queryNorm, keyNorm) = (try norm(norms[0]), try norm(norms[1]))
      output = try attention[outputName].linear(from: width, to: width)
      let net = weights[feedForward]["net"]
      expand = try net[0]["proj"].linear(from: width, to: configuration.feedForwardWidth)
      contract = try net[2].linear(from: configuration.feedForwardWidth, to: width)
    }

    /// What attention needs of these tokens.
    func segment(
      _ hidden: Tensor, _ vectors: [Tensor], rotary: RotaryTable?, on device: any ComputeDevice
    ) throws
      -> AttentionProjection.Segment
    {
      let normed = try device.normalize(
        hidden, HunyuanVideoDualBlock.norm,
        modulation: [RowModulation(rows: 0..<hidden.shape[0], scale: vectors[1], shift: vectors[0])])
      return AttentionProjection.Segment(
        packed: try device.linear(normed, projection), queryNormalization: queryNorm, keyNormalization: keyNorm,
        rotary: rotary)
    }

    /// Adds what attention found, then the feed-forward network.
    func finish(
      _ hidden: inout Tensor, attended: Tensor, _ vectors: [Tensor], on device: any ComputeDevice
    ) throws {
      let rows = 0..<hidden.shape[0]
      try device.addLinear(attended, output, to: &hidden, gates: [RowGate(rows: rows, gate: vectors[2])])
      let normed = try device.normalize(
        hidden, HunyuanVideoDualBlock.norm,
        modulation: [RowModulation(rows: rows, scale: vectors[4], shift: vectors[3])])
      let middle = try device.linear(normed, expand, activation: .geluTanh)
      try device.addLinear(middle, contract, to: &hidden, gates: [RowGate(rows: rows, gate: vectors[5])])
    }
  }

  private static let norm = RowNormalization(.layer, epsilon: 1e-6)

  private let configuration: HunyuanVideoTransformerConfiguration
  private let device: any ComputeDevice
  private let video, text: Stream

  /// Loads the layer.
  init(_ configuration: HunyuanVideoTransformerConfiguration, weights: LayerLoader) throws {
    self.configuration = configuration
    device = weights.device
    video = try Stream(
      configuration, weights: weights, modulation: "norm1", projections: ["to_q", "to_k", "to_v"],
      norms: ["norm_q", "norm_k"], output: "to_out.0", feedForward: "ff")
    text = try Stream(
      configuration, weights: weights, modulation: "norm1_context",
      projections: ["add_q_proj", "add_k_proj", "add_v_proj"], norms: ["norm_added_q", "norm_added_k"],
      output: "to_add_out", feedForward: "ff_context")
  }

  /// Runs the layer.
  /// - Parameters:
  ///   - videoStates: `[V, C]`; written in place.
  ///   - textStates: `[T, C]`; written in place.
  ///   - step: `[1, C]`, the activated embedding of the step.
  ///   - rotary: The rotation of the video's queries and keys.
  func run(
    video videoStates: inout Tensor, text textStates: inout Tensor, step: Tensor, layout: TokenLayout,
    rotary: RotaryTable, attention: any AttentionMechanism, at site: AttentionSite
  ) throws {
    let (videoVectors, textVectors) = (try video.modulation(step), try text.modulation(step))
    let attended = try attention.attend(
      AttentionProjection(
        layout: layout, heads: configuration.heads, headDimension: configuration.headDimension,
        text: text.segment(textStates, textVectors, rotary: nil, on: device),
        video: video.segment(videoStates, videoVectors, rotary: rotary, on: device)),
      at: site)
    try video.finish(&videoStates, attended: attended.slice(layout.videoRange), videoVectors, on: device)
    try text.finish(&textStates, attended: attended.slice(layout.textRange), textVectors, on: device)
  }
}
