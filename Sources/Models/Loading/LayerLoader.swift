import Attention
import Checkpoint
import Compute
import Tensor

/// Reads the layers of a network from a checkpoint and brings them to a device, or only checks that it could.
///
/// What the device has packed or copied is let go of in the file's mapping at once, so that no weight is in memory twice
/// for longer than it takes to load its layer. A task that is canceled stops before the next layer.
struct LayerLoader {
  /// Where the layers will run.
  let device: any ComputeDevice
  /// The tensors under the current name.
  let scope: WeightScope
  /// Whether weights are read. Otherwise names, shapes and element types are compared with the headers of the files, and
  /// the layers are empty: a network of them must not run.
  private let readsWeights: Bool

  /// Brings layers to a device.
  init(device: any ComputeDevice, scope: WeightScope) {
    self.init(device: device, scope: scope, readsWeights: true)
  }

  /// Checks layers without reading any.
  init(checking scope: WeightScope) {
    self.init(device: ReferenceDevice(), scope: scope, readsWeights: false)
  }

  private init(device: any ComputeDevice, scope: WeightScope, readsWeights: Bool) {
    (self.device, self.scope, self.readsWeights) = (device, scope, readsWeights)
  }

  /// The layers under a name, for example `attn1.to_out`.
  subscript(name: String) -> LayerLoader {
    LayerLoader(device: device, scope: scope[name], readsWeights: readsWeights)
  }

  /// The layers under a number.
  subscript(index: Int) -> LayerLoader { self[String(index)] }

  /// A linear layer: `weight [outputs, inputs]` and, if wanted, `bias [outputs]`.
  func linear(from inputs: Int, to outputs: Int, bias: Bool = true) throws -> any LinearLayer {
    try linear(
      LinearParameters(
        weights: [scope.tensor("weight", shape: [outputs, inputs])],
        biases: bias ? [scope.tensor("bias", shape: [outputs])] : []))
  }

  /// Linear layers that share their input, as one with their outputs side by side.
  func linear(stacking names: [String], from inputs: Int, to outputs: Int, bias: Bool) throws -> any LinearLayer {
    try linear(
      LinearParameters(
        weights: names.map { try scope[$0].tensor("weight", shape: [outputs, inputs]) },
        biases: bias ? names.map { try scope[$0].tensor("bias", shape: [outputs]) } : []))
  }

  /// A linear layer over some columns of a stored `weight [outputs, inputs]`: for one whose input is several tensors side
  /// by side, which then need not be joined.
  func linear(columns: Range<Int>, of inputs: Int, to outputs: Int, bias: Bool) throws -> any LinearLayer {
    try linear(
      LinearParameters(
        weights: [scope.tensor("weight", shape: [outputs, inputs])],
        biases: bias ? [scope.tensor("bias", shape: [outputs])] : [], columns: columns))
  }

  /// A linear layer whose weight is stored as that of a convolution that covers each place once.
  /// - Parameter window: The inputs of a place: channels, and the frames, rows and columns of the convolution.
  func linear(window: [Int], to outputs: Int, bias: Bool = true) throws -> any LinearLayer {
    let weight = try scope.tensor("weight", shape: Shape([outputs] + window))
    return try linear(
      LinearParameters(
        weights: [weight.reshaped([outputs, window.reduce(1, *)])],
        biases: bias ? [scope.tensor("bias", shape: [outputs])] : []))
  }

  private func linear(_ parameters: LinearParameters) throws -> any LinearLayer {
    guard readsWeights else { return UnreadLinear(inputs: parameters.inputs, outputs: parameters.outputs) }
    try Task.checkCancellation()
    defer { for tensor in parameters.weights + parameters.biases { tensor.release() } }
    return try device.makeLinear(parameters)
  }

  /// A vector, as float32.
  func vector(_ name: String, count: Int) throws -> Tensor { try tensor(name, shape: [count], as: .float32) }

  /// A tensor that is used as it is.
  func tensor(_ name: String, shape: Shape, as type: ElementType) throws -> Tensor {
    let stored = try scope.tensor(name, shape: shape)
    return readsWeights ? try device.upload(stored, as: type) : stored
  }

  /// A norm of rows: `weight [channels]` and, if wanted, `bias [channels]`; neither when it is not affine.
  func rowNormalization(
    _ kind: RowNormalization.Kind, channels: Int, epsilon: Float, isAffine: Bool = true, bias: Bool = true
  ) throws -> RowNormalization {
    RowNormalization(
      kind, epsilon: epsilon, weight: isAffine ? try vector("weight", count: channels) : nil,
      bias: isAffine && bias ? try vector("bias", count: channels) : nil)
  }

  /// A norm of heads: `weight [D]` and, for a layer norm, `bias [D]`.
  func headNormalization(
    _ kind: HeadNormalization.Kind, headDimension: Int, epsilon: Float
  ) throws -> HeadNormalization {
    HeadNormalization(
      kind: kind, epsilon: epsilon, weight: try vector("weight", count: headDimension),
      bias: kind == .layer ? try vector("bias", count: headDimension) : nil)
  }

  /// A norm of groups: `weight [channels]`, `bias [channels]`.
  func groupNormalization(groups: Int, channels: Int, epsilon: Float) throws -> GroupNormalization {
    GroupNormalization(
      groups: groups, epsilon: epsilon, weight: try vector("weight", count: channels),
      bias: try vector("bias", count: channels))
  }

  /// A convolution over frames: `weight [outputs, inputs, kt, k, k]`, or `[outputs, inputs, k, k]` where it has no time
  /// axis, and `bias [outputs]`; padded such that frames keep their size.
  func convolution(
    from inputs: Int, to outputs: Int, size: Int, frames: Int, hasTimeAxis: Bool = true, border: FrameBorder = .zeros
  ) throws -> any ConvolutionLayer {
    let stored: Shape = hasTimeAxis ? [outputs, inputs, frames, size, size] : [outputs, inputs, size, size]
    return try convolution(
      weight: stored, outputs: outputs, padding: SpatialPadding((size - 1) / 2), border: border
    ) { $0.reshaped([outputs, inputs, frames, size, size]) }
  }

  /// A convolution over frames whose weight is stored in another form than the layer's.
  /// - Parameters:
  ///   - weight: The shape as it is stored.
  ///   - form: Makes `[outputs, inputs, kt, k, k]` of it.
  func convolution(
    weight: Shape, outputs: Int, stride: Int = 1, padding: SpatialPadding, border: FrameBorder = .zeros,
    form: (Tensor) -> Tensor
  ) throws -> any ConvolutionLayer {
    let (stored, bias) = (try scope.tensor("weight", shape: weight), try scope.tensor("bias", shape: [outputs]))
    guard readsWeights else { return UnreadConvolution(shape: weight) }
    try Task.checkCancellation()
    defer { for tensor in [stored, bias] { tensor.release() } }
    return try device.makeConvolution(
      ConvolutionParameters(weight: form(stored), bias: bias, stride: stride, padding: padding, border: border))
  }
}

/// In place of a linear layer whose weights were only checked.
private struct UnreadLinear: LinearLayer {
  let inputs, outputs: Int
  var byteCount: Int { 0 }
}

/// In place of a convolution whose weights were only checked.
private struct UnreadConvolution: ConvolutionLayer {
  let shape: Shape
  var byteCount: Int { 0 }
}
