import Attention
import Compute
import Tensor

/// The sizes of one call of attention.
public struct AttentionShape: Hashable, Sendable {
  /// `H`.
  public var heads: Int
  /// `D`.
  public var headDimension: Int
  /// `F`.
  public var frames: Int
  /// `P`.
  public var tokensPerFrame: Int
  /// `T`.
  public var textTokens: Int
  /// Whether the text comes before the video.
  public var textFirst: Bool
  /// How it differs from the model whose name it bears, if it does.
  public var scaling: String?

  /// Creates a shape.
  public init(
    heads: Int, headDimension: Int, frames: Int, tokensPerFrame: Int, textTokens: Int = 0, textFirst: Bool = true
  ) {
    self.heads = heads
    self.headDimension = headDimension
    self.frames = frames
    self.tokensPerFrame = tokensPerFrame
    self.textTokens = textTokens
    self.textFirst = textFirst
  }

  /// Throws when no kernel could run the shape, or when no mask could be made for it.
  public func check() throws(BenchmarkError) {
    try require("--heads", heads)
    try require("--frames", frames)
    try require("--tokens", tokensPerFrame)
    try require("--text-tokens", textTokens, atLeast: 0)
    guard headDimension > 0, headDimension <= 256, headDimension.isMultiple(of: 2) else {
      throw BenchmarkError("--head-dimension must be even and at most 256, not \(headDimension)")
    }
    let (tokens, overflow) = frames.multipliedReportingOverflow(by: tokensPerFrame)
    let longest = TokenLayout.longestSequence
    guard !overflow, tokens <= longest, textTokens <= longest - tokens, heads <= 1 << 10 else {
      throw BenchmarkError(
        "--tokens, --text-tokens and --heads are too many: at most \(longest) tokens and \(1 << 10) heads")
    }
  }

  /// Where the tokens lie.
  public var layout: TokenLayout {
    TokenLayout(
      frames: frames, tokensPerFrame: tokensPerFrame, textTokens: textTokens,
      textPlacement: textFirst ? .first : .last)
  }

  /// Every other head is temporal.
  var patterns: [HeadPattern] { (0..<heads).map { $0.isMultiple(of: 2) ? .spatial : .temporal } }

  var extents: [(String, Int)] {
    [
      ("heads", heads), ("head_dimension", headDimension), ("tokens", layout.videoTokens), ("frames", frames),
      ("text_tokens", textTokens),
    ]
  }

  /// What a QKV linear layer of a model with such attention would hand over: layer norm of queries and keys, and rotary
  /// embedding of the video.
  func projection(on machine: BenchmarkMachine) throws -> AttentionProjection {
    // Random numbers in float32, activations and prepared heads of queries, keys and values; and the rotary table.
    try machine.expect(
      [[layout.sequenceLength, 3 * heads + 1, headDimension]], bytesPerElement: 12,
      options: "--tokens, --text-tokens, --heads and --head-dimension")
    let width = 3 * heads * headDimension
    let rotary = try RotaryTable(
      cosine: angles(machine, seed: 3), sine: angles(machine, seed: 4))
    func segment(_ rows: Int, seed: UInt64, rotary: RotaryTable?) throws -> AttentionProjection.Segment {
      let weight = Tensor([Float](repeating: 1, count: headDimension), shape: [headDimension])
      let bias = Tensor([Float](repeating: 0, count: headDimension), shape: [headDimension])
      let norm = HeadNormalization(kind: .layer, epsilon: 1e-6, weight: weight, bias: bias)
      return AttentionProjection.Segment(
        packed: try machine.activations([rows, width], seed: seed), queryNormalization: norm, keyNormalization: norm,
        rotary: rotary)
    }
    return AttentionProjection(
      layout: layout, heads: heads, headDimension: headDimension,
      text: textTokens > 0 ? try segment(textTokens, seed: 2, rotary: nil) : nil,
      video: try segment(layout.videoTokens, seed: 1, rotary: rotary))
  }

  /// Numbers in the place of cosines and sines; which ones does not change the time.
  private func angles(_ machine: BenchmarkMachine, seed: UInt64) throws -> Tensor {
    try machine.device.convert(machine.activations([layout.videoTokens, headDimension / 2], seed: seed), to: .float32)
  }

  /// The query-key pairs that one head of a pattern keeps: inside the band, and all with text.
  func keptPairs(_ bands: BandPair?, _ pattern: HeadPattern) -> Double {
    let (video, text) = (Double(layout.videoTokens), Double(layout.validTextTokens))
    let halfWidth = bands.map { pattern == .spatial ? $0.spatial.halfWidth : $0.temporal.halfWidth }
    let width = min(video, Double(halfWidth ?? layout.videoTokens))
    return video * (2 * width - 1) - width * (width - 1) + 2 * video * text + text * text
  }
}
