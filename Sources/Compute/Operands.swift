import Tensor

/// A function applied element by element.
public enum Activation: String, Hashable, Sendable, Codable {
  /// `x`.
  case identity
  /// `max(x, 0)`.
  case relu
  /// `x · σ(x)`, also called swish.
  case silu
  /// The Gaussian error linear unit in its tanh form:
  /// `x/2 · (1 + tanh(√(2/π)(x + 0.044715x³)))`.
  case geluTanh
  /// The Gaussian error linear unit with the exact error function.
  case gelu
  /// `x · σ(1.702x)`, CLIP's approximation of GELU.
  case quickGELU
}

/// The parameters of a linear layer, or of several that share their input.
public struct LinearParameters: Sendable {
  /// Weights `[Nᵢ, K]`, stacked along the outputs: the result has `N = ΣNᵢ` columns. Any floating-point type.
  public let weights: [Tensor]
  /// Biases `[Nᵢ]`, one for each weight or none at all. Any floating-point type.
  public let biases: [Tensor]
  /// The columns of the weights that the layer has: all of them, or those of a part of its stored inputs.
  public let columns: Range<Int>

  /// Creates the parameters.
  /// - Parameter columns: The columns of the weights that the layer has; all when `nil`.
  /// - Precondition: The weights have the same number of inputs; there are no biases or one for each weight.
  public init(weights: [Tensor], biases: [Tensor] = [], columns: Range<Int>? = nil) {
    precondition(!weights.isEmpty && weights.allSatisfy { $0.shape.rank == 2 && $0.shape[1] == weights[0].shape[1] })
    precondition(biases.isEmpty || zip(weights, biases).allSatisfy { [$0.0.shape[0]] == $0.1.shape })
    precondition(biases.isEmpty || biases.count == weights.count)
    self.columns = columns ?? 0..<weights[0].shape[1]
    precondition(self.columns.lowerBound >= 0 && self.columns.upperBound <= weights[0].shape[1])
    self.weights = weights
    self.biases = biases
  }

  /// The weights `[Nᵢ, K]` of the layer's columns alone: copies where these are a part, for a device that takes whole
  /// tensors only.
  var narrowedWeights: [Tensor] {
    columns.count == weights[0].shape[1] ? weights : weights.map { $0.columns(columns) }
  }

  /// `K`: inputs.
  public var inputs: Int { columns.count }
  /// `N`: outputs.
  public var outputs: Int { weights.reduce(0) { $0 + $1.shape[0] } }
}

/// A linear layer in a device's own form.
public protocol LinearLayer: Sendable {
  /// `K`: inputs.
  var inputs: Int { get }
  /// `N`: outputs.
  var outputs: Int { get }
  /// The memory that the layer holds, in bytes.
  var byteCount: Int { get }
}

/// A gate of an adaptive layer, for a range of rows.
public struct RowGate: Sendable {
  /// The rows it applies to.
  public let rows: Range<Int>
  /// `[C]`, float32.
  public let gate: Tensor

  /// Creates a gate.
  public init(rows: Range<Int>, gate: Tensor) {
    self.rows = rows
    self.gate = gate
  }
}

/// Scale and shift of an adaptive norm, for a range of rows: `x · (1 + scale) + shift`.
public struct RowModulation: Sendable {
  /// The rows it applies to.
  public let rows: Range<Int>
  /// `[C]`, float32.
  public let scale: Tensor
  /// `[C]`, float32.
  public let shift: Tensor

  /// Creates a modulation.
  public init(rows: Range<Int>, scale: Tensor, shift: Tensor) {
    self.rows = rows
    self.scale = scale
    self.shift = shift
  }
}

/// A normalization of rows.
public struct RowNormalization: Sendable {
  /// What a row is divided by.
  public enum Kind: Hashable, Sendable {
    /// `(x − mean) / √(variance + ε)`.
    case layer
    /// `x / √(mean square + ε)`.
    case rootMeanSquare
  }

  /// What a row is divided by.
  public let kind: Kind
  /// `ε`.
  public let epsilon: Float
  /// `[C]`, float32, multiplied on afterwards, if any.
  public let weight: Tensor?
  /// `[C]`, float32, added last, if any.
  public let bias: Tensor?

  /// Creates a normalization.
  public init(_ kind: Kind, epsilon: Float, weight: Tensor? = nil, bias: Tensor? = nil) {
    self.kind = kind
    self.epsilon = epsilon
    self.weight = weight
    self.bias = bias
  }
}

/// The parameters of a convolution over frames, causal in time.
public struct ConvolutionParameters: Sendable {
  /// `[O, C, kt, kh, kw]`; any floating-point type.
  public let weight: Tensor
  /// `[O]`, if any; any floating-point type.
  public let bias: Tensor?
  /// The step in height and width.
  public let stride: Int
  /// Rows and columns around each frame.
  public let padding: SpatialPadding
  /// What these rows and columns hold.
  public let border: FrameBorder

  /// Creates the parameters.
  /// - Precondition: The weight has five dimensions.
  public init(
    weight: Tensor, bias: Tensor?, stride: Int = 1, padding: SpatialPadding, border: FrameBorder = .zeros
  ) {
    precondition(
      weight.shape.rank == 5, "a convolution over frames has a weight [O, C, kt, kh, kw], not \(weight.shape)")
    self.weight = weight
    self.bias = bias
    self.stride = stride
    self.padding = padding
    self.border = border
  }
}

/// What a convolution reads outside of a frame.
public enum FrameBorder: Hashable, Sendable {
  /// Zeros.
  case zeros
  /// The nearest place of the frame.
  case nearest
}

/// Rows and columns around a frame.
public struct SpatialPadding: Hashable, Sendable {
  /// Rows above.
  public let top: Int
  /// Rows below.
  public let bottom: Int
  /// Columns on the left.
  public let left: Int
  /// Columns on the right.
  public let right: Int

  /// Creates a padding.
  public init(top: Int, bottom: Int, left: Int, right: Int) {
    self.top = top
    self.bottom = bottom
    self.left = left
    self.right = right
  }

  /// The same padding on all sides.
  public init(_ size: Int) {
    self.init(top: size, bottom: size, left: size, right: size)
  }
}

/// A convolution in a device's own form.
public protocol ConvolutionLayer: Sendable {
  /// `[O, C, kt, kh, kw]`.
  var shape: Shape { get }
  /// The memory that the layer holds, in bytes.
  var byteCount: Int { get }
}

/// A normalization of groups of channels over frames.
///
/// - SeeAlso: Wu and He, "Group Normalization", <https://arxiv.org/abs/1803.08494>.
public struct GroupNormalization: Sendable {
  /// Groups that the channels fall into.
  public let groups: Int
  /// `ε`.
  public let epsilon: Float
  /// `[C]`, float32.
  public let weight: Tensor
  /// `[C]`, float32.
  public let bias: Tensor

  /// Creates a normalization.
  public init(groups: Int, epsilon: Float, weight: Tensor, bias: Tensor) {
    self.groups = groups
    self.epsilon = epsilon
    self.weight = weight
    self.bias = bias
  }
}

/// A modulation `x · scale + shift` whose vectors are known at a lower resolution and read at the nearest place.
///
/// Place (y, x) of an `h×w` frame reads row `⌊y·h'/h⌋` and column `⌊x·w'/w⌋`.
public struct NearestModulation: Sendable {
  /// `[T', h', w', C]`, activations.
  public let scale: Tensor
  /// `[T', h', w', C]`, activations.
  public let shift: Tensor
  /// For each frame the frame of `scale` and `shift` that it reads.
  public let frameMap: [Int]

  /// Creates a modulation.
  public init(scale: Tensor, shift: Tensor, frameMap: [Int]) {
    self.scale = scale
    self.shift = shift
    self.frameMap = frameMap
  }
}
