import Tensor

/// The parameters of a linear layer in the memory of a GPU.
struct CUDALinear: LinearLayer {
  /// How the layer is multiplied.
  enum Form {
    /// By cuBLASLt: weights `[N, K]` and biases `[N]`, bfloat16.
    case library(weights: Tensor, bias: Tensor?)
    /// As a convolution of one tap, by our own kernel: where rows are no multiple of 16 bytes.
    case kernel(CUDAConvolution)
  }

  let inputs: Int
  let outputs: Int
  let form: Form

  var byteCount: Int {
    switch form {
    case .library(let weights, let bias): weights.byteCount + (bias?.byteCount ?? 0)
    case .kernel(let convolution): convolution.byteCount
    }
  }
}

extension CUDADevice {
  /// Copies the weights to the GPU, one under the other, as bfloat16.
  public func makeLinear(_ parameters: LinearParameters) throws -> any LinearLayer {
    let (inputs, outputs) = (parameters.inputs, parameters.outputs)
    let weights = try stacked(parameters.narrowedWeights, [outputs, inputs])
    let biases = parameters.biases
    if inputs % 8 == 0 && outputs % 8 == 0 {
      let bias = biases.isEmpty ? nil : try stacked(biases, [outputs])
      return CUDALinear(inputs: inputs, outputs: outputs, form: .library(weights: weights, bias: bias))
    }
    let convolution = try makeConvolution(
      weights: weights.reshaped([outputs, inputs, 1, 1, 1]),
      bias: biases.isEmpty ? nil : try concatenate(biases.map { try upload($0, as: .float32) }), stride: 1,
      padding: SpatialPadding(0))
    return CUDALinear(inputs: inputs, outputs: outputs, form: .kernel(convolution))
  }

  /// Tensors of the processor's memory one under the other, as bfloat16.
  private func stacked(_ tensors: [Tensor], _ shape: Shape) throws -> Tensor {
    let result = try makeTensor(shape, activationType)
    let flat = result.reshaped([shape.count])
    var first = 0
    for tensor in tensors {
      try store(tensor, in: flat.slice(first..<first + tensor.shape.count))
      first += tensor.shape.count
    }
    return result
  }

  /// `activation(x Wᵀ + b)`.
  public func linear(_ input: Tensor, _ layer: any LinearLayer, activation: Activation) throws -> Tensor {
    try measure(.linear) { try product(input, layer, activation: activation) }
  }

  private func product(_ input: Tensor, _ layer: any LinearLayer, activation: Activation) throws -> Tensor {
    guard let layer = layer as? CUDALinear else { preconditionFailure("the layer was made by another device") }
    check(input, layer)
    let rows = input.shape.rows
    let result = try makeTensor(Shape(input.shape.dimensions.dropLast() + [layer.outputs]), activationType)
    guard rows > 0 else { return result }
    switch layer.form {
    case .library(let weights, let bias):
      let isFused = CUDAMatrixProducts.Epilogue.has(activation)
      try products.multiply(
        CUDAMatrixProducts.Problem(
          rows: rows, inputs: layer.inputs, outputs: layer.outputs,
          epilogue: .init(hasBias: bias != nil, activation: isFused ? activation : .identity), accumulates: false),
        input: input.deviceAddress, weights: weights.deviceAddress, bias: bias?.deviceAddress,
        output: result.deviceAddress)
      if !isFused { try activate(result, activation, into: result) }
    case .kernel(let convolution):
      try convolve(
        input.reshaped([1, 1, rows, layer.inputs]), previous: nil, convolution, activation: activation,
        to: result.reshaped([1, 1, rows, layer.outputs]))
    }
    return result
  }

  /// `residual += gate · (x Wᵀ + b)`: where no row has a gate, as part of the product.
  public func addLinear(
    _ input: Tensor, _ layer: any LinearLayer, to residual: inout Tensor, gates: [RowGate]
  ) throws {
    guard let layer = layer as? CUDALinear else { preconditionFailure("the layer was made by another device") }
    check(input, layer)
    let rows = input.shape.rows
    precondition(
      residual.shape.count == rows * layer.outputs && residual.elementType == activationType,
      "\(residual) is no residual of \(input) times \(layer.outputs)")
    precondition(
      gates.allSatisfy { $0.gate.elementType == .float32 && $0.gate.shape.count == layer.outputs },
      "a gate of \(residual) is not float32 [\(layer.outputs)]")
    let target = residual
    guard rows > 0 else { return }
    try measure(.linear) {
      if gates.isEmpty, case .library(let weights, let bias) = layer.form {
        return try products.multiply(
          CUDAMatrixProducts.Problem(
            rows: rows, inputs: layer.inputs, outputs: layer.outputs,
            epilogue: .init(hasBias: bias != nil, activation: .identity), accumulates: true),
          input: input.deviceAddress, weights: weights.deviceAddress, bias: bias?.deviceAddress,
          output: target.deviceAddress)
      }
      let product = try product(input, layer, activation: .identity)
      let width = pieceWidth(layer.outputs, [product, target] + gates.map(\.gate))
      for launch in CUDARowLaunch.launches(gates.map(\.rows), count: rows) {
        let offset = UInt64(launch.firstRow * layer.outputs * activationType.byteCount)
        try kernels.launch("add_gated_\(width)", in: .rows, .rows(launch.rowCount)) {
          $0.pointer(product.deviceAddress + offset)
          $0.pointer(target.deviceAddress + offset)
          $0.int(layer.outputs)
          $0.int(launch.firstRows)
          launch.addresses({ gates[$0].gate }, to: &$0)
        }
      }
    }
  }

  private func check(_ input: Tensor, _ layer: CUDALinear) {
    precondition(
      input.shape[-1] == layer.inputs && input.elementType == activationType,
      "\(input) does not fit a layer with \(layer.inputs) inputs")
  }
}
