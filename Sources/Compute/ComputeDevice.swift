import Attention
import Tensor

/// A place where tensors live and the operations that a model may ask for run.
///
/// Tensors are row-major. "Rows" are all dimensions but the last; channels are the last. Activations have
/// ``activationType``; parameters such as norm weights, biases and modulation vectors are float32. Every reduction and
/// accumulation is float32. An operation returns when its result may be used by the next operation of the same device.
///
/// All operations throw ``ComputeError`` with the code `outOfMemory` when storage for a result cannot be had, and trap
/// when shapes or element types do not fit together: models check their checkpoints when they load.
public protocol ComputeDevice: AttentionDevice {
  /// The element type of activations on this device.
  var activationType: ElementType { get }

  // MARK: Memory

  /// A tensor with arbitrary contents.
  func makeTensor(_ shape: Shape, _ elementType: ElementType) throws -> Tensor

  /// Copies or converts a tensor in the processor's memory to this device; no copy is made where none is needed.
  func upload(_ tensor: Tensor, as elementType: ElementType) throws -> Tensor

  /// Copies or converts a tensor of this device to the processor's memory as float32.
  func download(_ tensor: Tensor) throws -> Tensor

  /// The same values in another floating-point type; `tensor` itself when nothing has to change.
  func convert(_ tensor: Tensor, to elementType: ElementType) throws -> Tensor

  /// Joins tensors along their first dimension; also the way to copy a slice.
  /// - Precondition: The tensors agree in element type and in all other dimensions.
  func concatenate(_ tensors: [Tensor]) throws -> Tensor

  /// Returns memory that no tensor uses to the system, where the device keeps some for later.
  func trim()

  // MARK: Linear layers

  /// Brings the parameters of a linear layer into the form that the device multiplies fastest. Call once, at loading.
  func makeLinear(_ parameters: LinearParameters) throws -> any LinearLayer

  /// `activation(x Wᵀ + b)`.
  /// - Parameters:
  ///   - input: `[…, K]`, activations.
  ///   - layer: Made by this device, with `K` inputs and `N` outputs.
  /// - Returns: `[…, N]`.
  func linear(_ input: Tensor, _ layer: any LinearLayer, activation: Activation) throws -> Tensor

  /// `residual += gate · (x Wᵀ + b)`, without a pass of its own.
  /// - Parameters:
  ///   - input: `[n, K]`, activations.
  ///   - residual: `[n, N]`, activations; written in place.
  ///   - gates: For ranges of rows a vector `[N]`; rows in no range have the gate 1.
  func addLinear(_ input: Tensor, _ layer: any LinearLayer, to residual: inout Tensor, gates: [RowGate]) throws

  // MARK: Normalization and elementwise operations

  /// Normalizes every row, then scales and shifts it: `norm(x) · weight + bias`, then `· (1 + scale) + shift`.
  /// - Parameters:
  ///   - input: `[n, C]`, activations.
  ///   - modulation: For ranges of rows the vectors of an adaptive norm; rows in no range are not modulated.
  /// - Returns: `[n, C]`.
  func normalize(_ input: Tensor, _ norm: RowNormalization, modulation: [RowModulation]) throws -> Tensor

  /// `activation(x[…, ..<C/2]) · x[…, C/2...]`: the middle of a gated feed-forward layer.
  /// - Returns: `[n, C/2]`.
  func gate(_ input: Tensor, activation: Activation) throws -> Tensor

  /// `activation(x)`, element by element.
  func activate(_ input: Tensor, _ activation: Activation) throws -> Tensor

  /// `x += y`, element by element.
  func add(_ other: Tensor, to tensor: inout Tensor) throws

  /// Rotates the heads of a short sequence in place, for text encoders: elements `i` and `i + D/2` of a head by the
  /// angle of its row and of `i`.
  /// - Parameters:
  ///   - rows: `[n, H·D]`, activations; written in place.
  ///   - cosine: `[n, D/2]`, float32: the cosines of the angles.
  ///   - sine: `[n, D/2]`, float32: the sines.
  /// - SeeAlso: Su et al., "RoFormer", <https://arxiv.org/abs/2104.09864>, with the pairs as Llama has them.
  func rotateText(_ rows: inout Tensor, heads: Int, cosine: Tensor, sine: Tensor) throws

  /// The rows of `table` that `ids` name.
  /// - Parameter table: `[vocabulary, C]` in the processor's memory, any floating-point type; only the named rows are
  ///   read, so that a memory-mapped table stays on disk.
  /// - Returns: `[ids.count, C]`, activations.
  func embed(_ ids: [Int32], table: Tensor) throws -> Tensor

  /// Softmax attention over short sequences, for text encoders and autoencoders.
  ///
  /// Memory grows with the rows, not with their square.
  /// - Parameters:
  ///   - query: `[m, H·D]`.
  ///   - key: `[n, K·D]`; `H` is a multiple of `K` (grouped queries).
  ///   - value: `[n, K·D]`.
  ///   - bias: `[H, m, n]`, float32, added to the scaled scores, if any.
  ///   - isCausal: Whether row `i` sees the keys up to `i` only; then `m` is `n`.
  /// - Returns: `[m, H·D]`.
  func attendText(
    query: Tensor, key: Tensor, value: Tensor, heads: Int, keyHeads: Int, scale: Float, bias: Tensor?, isCausal: Bool
  ) throws -> Tensor

  // MARK: Frames

  /// Brings the parameters of a convolution into the form that the device multiplies fastest. Call once, at loading.
  func makeConvolution(_ parameters: ConvolutionParameters) throws -> any ConvolutionLayer

  /// Convolves frames, causally in time: the frame `t` of the result sees the frames up to `t`.
  /// - Parameters:
  ///   - frames: `[T, h, w, C]`, activations.
  ///   - previous: `[kt − 1, h, w, C]`, the frames before the first; `nil` repeats the first frame.
  /// - Returns: `[T', h', w', O]`.
  func convolve(_ frames: Tensor, previous: Tensor?, _ layer: any ConvolutionLayer) throws -> Tensor

  /// Normalizes groups of channels over all frames and places, then modulates, then activates.
  /// - Parameters:
  ///   - frames: `[T, h, w, C]`, activations.
  ///   - modulation: Scale and shift at a lower resolution, read at the nearest place, if any.
  /// - Returns: `[T, h, w, C]`.
  func normalizeGroups(
    _ frames: Tensor, _ norm: GroupNormalization, modulation: NearestModulation?, activation: Activation
  ) throws -> Tensor

  /// Repeats each place `2×2` times, and frames as `frameMap` says.
  /// - Parameters:
  ///   - frames: `[T, h, w, C]`.
  ///   - frameMap: For each frame of the result the frame it repeats.
  /// - Returns: `[frameMap.count, 2h, 2w, C]`.
  func upsample(_ frames: Tensor, frameMap: [Int]) throws -> Tensor

  // MARK: Accounting

  /// Where time went since the device was made or ``resetTimes()`` was called.
  var times: OperationTimes { get }

  /// Sets all times to zero.
  func resetTimes()
}

extension ComputeDevice {
  /// Any number of heads of at most 256 elements.
  public var headLimits: HeadLimits { HeadLimits(heads: .max, dimension: 256) }

  /// Waits for the profile, and takes the pattern of the smaller error for each head.
  public func prepareHeads(_ projection: AttentionProjection, profile: any HeadProfile) throws -> any PreparedHeads {
    try prepareHeads(projection, patterns: profile.errors.map(\.pattern))
  }

  /// Does not happen: ``headLimits`` refuse every dimension where a device does not say otherwise.
  public func quantizeHeads(_ heads: any PreparedHeads) throws -> any PreparedHeads {
    preconditionFailure("this device does not attend in 8-bit numbers")
  }

  /// Does nothing: not every device keeps memory.
  public func trim() {}

  /// Rotates in the processor's memory: text is short, and a device needs no kernel of its own for it.
  public func rotateText(_ rows: inout Tensor, heads: Int, cosine: Tensor, sine: Tensor) throws {
    let count = rows.shape[0]
    let dimension = rows.shape[1] / heads
    let half = dimension / 2
    precondition(
      rows.shape[1] == heads * half * 2 && cosine.shape == [count, half] && sine.shape == cosine.shape,
      "\(cosine) and \(sine) do not fit \(rows) with \(heads) heads")
    var values = try download(rows).floats()
    let (cosines, sines) = (try download(cosine).floats(), try download(sine).floats())
    for row in 0..<count {
      for head in 0..<heads {
        for pair in 0..<half {
          let first = (row * heads + head) * dimension + pair
          let (x, y) = (Double(values[first]), Double(values[first + half]))
          let (c, s) = (Double(cosines[row * half + pair]), Double(sines[row * half + pair]))
          values[first] = Float(x * c - y * s)
          values[first + half] = Float(y * c + x * s)
        }
      }
    }
    rows = try upload(Tensor(values, shape: rows.shape), as: rows.elementType)
  }

  /// `x Wᵀ + b`.
  public func linear(_ input: Tensor, _ layer: any LinearLayer) throws -> Tensor {
    try linear(input, layer, activation: .identity)
  }
}
