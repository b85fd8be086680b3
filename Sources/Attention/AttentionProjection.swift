import Tensor

/// What a transformer layer hands over to attention: the output of its QKV linear layer, and what is still to be done
/// to it.
public struct AttentionProjection: Sendable {
  /// The tokens of one kind, text or video, in sequence order.
  public struct Segment: Sendable {
    /// `[n, 3·H·D]`: in each row all heads' queries, then all keys, then all values.
    public let packed: Tensor
    /// What normalizes each head's queries, if anything.
    public let queryNormalization: HeadNormalization?
    /// What normalizes each head's keys, if anything.
    public let keyNormalization: HeadNormalization?
    /// The rotation of queries and keys after normalization, if any.
    public let rotary: RotaryTable?

    /// Creates a segment.
    public init(
      packed: Tensor, queryNormalization: HeadNormalization? = nil, keyNormalization: HeadNormalization? = nil,
      rotary: RotaryTable? = nil
    ) {
      self.packed = packed
      self.queryNormalization = queryNormalization
      self.keyNormalization = keyNormalization
      self.rotary = rotary
    }
  }

  /// Where text and video lie in the sequence.
  public let layout: TokenLayout
  /// `H`: heads.
  public let heads: Int
  /// `D`: head dimension.
  public let headDimension: Int
  /// Multiplied onto the scores; usually `1/√D`.
  public let scale: Float
  /// The text tokens, or `nil` where the sequence has none.
  public let text: Segment?
  /// The video tokens.
  public let video: Segment

  /// Creates a projection.
  /// - Precondition: The segments have the rows that `layout` says and rows of `3·H·D` elements.
  public init(
    layout: TokenLayout, heads: Int, headDimension: Int, scale: Float? = nil, text: Segment?, video: Segment
  ) {
    let width = 3 * heads * headDimension
    precondition(
      video.packed.shape == [layout.videoTokens, width],
      "the video's projection is \(video.packed.shape), not [\(layout.videoTokens), \(width)]")
    precondition(
      (text?.packed.shape ?? [0, width]) == [layout.textTokens, width],
      "the text's projection is \(text?.packed.shape ?? [0, width]), not [\(layout.textTokens), \(width)]")
    self.layout = layout
    self.heads = heads
    self.headDimension = headDimension
    self.scale = scale ?? 1 / Float(headDimension).squareRoot()
    self.text = text
    self.video = video
  }
}

/// A normalization of each head's query or key vector over its `D` elements ("QK-norm").
public struct HeadNormalization: Sendable {
  /// What the vector is divided by.
  public enum Kind: Hashable, Sendable {
    /// `(x − mean) / √(variance + ε)`, as in CogVideoX.
    case layer
    /// `x / √(mean square + ε)`, as in HunyuanVideo.
    case rootMeanSquare
  }

  /// What the vector is divided by.
  public let kind: Kind
  /// `ε`.
  public let epsilon: Float
  /// `[D]`, float32, multiplied on afterwards, if any.
  public let weight: Tensor?
  /// `[D]`, float32, added last, if any.
  public let bias: Tensor?

  /// Creates a normalization.
  public init(kind: Kind, epsilon: Float, weight: Tensor? = nil, bias: Tensor? = nil) {
    self.kind = kind
    self.epsilon = epsilon
    self.weight = weight
    self.bias = bias
  }
}

/// Rotary position embedding: the angles by which pairs of neighboring elements are turned, token by token.
///
/// `(x₀, x₁) → (x₀·cos − x₁·sin, x₁·cos + x₀·sin)` for each of the `D/2` pairs.
/// - SeeAlso: Su et al., <https://arxiv.org/abs/2104.09864>.
public struct RotaryTable: Sendable {
  /// `[n, D/2]`, float32.
  public let cosine: Tensor
  /// `[n, D/2]`, float32.
  public let sine: Tensor

  /// Creates a table.
  /// - Precondition: Both tensors have the same shape.
  public init(cosine: Tensor, sine: Tensor) {
    precondition(cosine.shape == sine.shape, "cosines \(cosine.shape) and sines \(sine.shape) differ")
    self.cosine = cosine
    self.sine = sine
  }
}
