import Attention
import Checkpoint
import Compute
import Tensor

/// Reads the layers of a network from a checkpoint and brings them to a device.
///
/// What the device has packed or copied is let go of in the file's mapping at once, so that no weight is in memory twice
/// for longer than it takes to load its layer.
struct LayerLoader {
  /// Where the layers will run.
  let device: any ComputeDevice
  /// The tensors under the current name.
  let scope: WeightScope

  /// The layers under a name, for example `attn1.to_out`.
  subscript(name: String) -> LayerLoader { LayerLoader(device: device, scope: scope[name]) }

  /// The layers under a number.
  subscript(index: Int) -> LayerLoader { LayerLoader(device: device, scope: scope[index]) }

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
  /// by side, which then need not be joined. Columns are not contiguous, so that they are copied until they are packed.
  func linear(columns: Range<Int>, of inputs: Int, to outputs: Int, bias: Bool) throws -> any LinearLayer {
    let stored = try scope.tensor("weight", shape: [outputs, inputs])
    let weight = stored.columns(columns)
    stored.releaseMappedPages()
    return try device.makeLinear(
      LinearParameters(weights: [weight], biases: bias ? [scope.tensor("bias", shape: [outputs])] : []))
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

  /// A convolution that looks at one place at a time, `weight [outputs, inputs, 1, 1, 1]` and `bias [outputs]`: a linear
  /// layer.
  func pointwise(from inputs: Int, to outputs: Int) throws -> any LinearLayer {
    try linear(
      LinearParameters(
        weights: [scope.tensor("weight", shape: [outputs, inputs, 1, 1, 1]).reshaped([outputs, inputs])],
        biases: [scope.tensor("bias", shape: [outputs])]))
  }

  /// A linear layer of tensors of the checkpoint, for weights that are stored in another form than the layer's.
  func linear(_ parameters: LinearParameters) throws -> any LinearLayer {
    defer { for tensor in parameters.weights + parameters.biases { tensor.releaseMappedPages() } }
    return try device.makeLinear(parameters)
  }

  /// A vector, as float32.
  func vector(_ name: String, count: Int) throws -> Tensor {
    try device.upload(scope.tensor(name, shape: [count]), as: .float32)
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
    let weight = try scope.tensor("weight", shape: stored)
    let bias = try scope.tensor("bias", shape: [outputs])
    defer { for tensor in [weight, bias] { tensor.releaseMappedPages() } }
    return try device.makeConvolution(
      ConvolutionParameters(
        weight: weight.reshaped([outputs, inputs, frames, size, size]), bias: bias,
        padding: SpatialPadding((size - 1) / 2), border: border))
  }
}
