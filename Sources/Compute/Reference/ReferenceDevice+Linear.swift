import Tensor

/// A linear layer as float32 arrays.
struct ReferenceLinear: LinearLayer {
  let inputs: Int
  let outputs: Int
  /// `[N, K]`.
  let weight: [Float]
  /// `[N]`.
  let bias: [Float]

  var byteCount: Int { (weight.count + bias.count) * 4 }
}

extension ReferenceDevice {
  /// Stacks the weights as float32.
  public func makeLinear(_ parameters: LinearParameters) -> any LinearLayer {
    ReferenceLinear(
      inputs: parameters.inputs, outputs: parameters.outputs,
      weight: parameters.narrowedWeights.flatMap(referenceValues),
      bias: parameters.biases.isEmpty
        ? [Float](repeating: 0, count: parameters.outputs) : parameters.biases.flatMap(referenceValues))
  }

  /// `activation(x Wᵀ + b)`.
  public func linear(_ input: Tensor, _ layer: any LinearLayer, activation: Activation) -> Tensor {
    measure(.linear) {
      let values = product(input, layer).map { Float(activation.exact($0)) }
      return referenceTensor(values, Shape(input.shape.dimensions.dropLast() + [layer.outputs]))
    }
  }

  /// `residual += gate · (x Wᵀ + b)`.
  public func addLinear(_ input: Tensor, _ layer: any LinearLayer, to residual: inout Tensor, gates: [RowGate]) {
    measure(.linear) {
      let products = product(input, layer)
      let width = layer.outputs
      precondition(residual.shape.count == products.count, "\(residual) is no residual of \(input) times \(width)")
      var values = referenceValues(residual)
      let vectors = gates.map { referenceValues($0.gate) }
      for row in 0..<input.shape.rows {
        let gate = gates.firstIndex { $0.rows.contains(row) }.map { vectors[$0] }
        for column in 0..<width {
          let index = row * width + column
          values[index] = Float(Double(values[index]) + Double(gate?[column] ?? 1) * products[index])
        }
      }
      storeReferenceValues(values, in: residual)
    }
  }

  /// `x Wᵀ + b` in double precision.
  private func product(_ input: Tensor, _ layer: any LinearLayer) -> [Double] {
    guard let layer = layer as? ReferenceLinear else { preconditionFailure("the layer was made by another device") }
    precondition(input.shape[-1] == layer.inputs, "\(input) does not fit a layer with \(layer.inputs) inputs")
    let values = referenceValues(input)
    var products: [Double] = []
    products.reserveCapacity(input.shape.rows * layer.outputs)
    for row in 0..<input.shape.rows {
      for column in 0..<layer.outputs {
        products.append(
          dot(values, row * layer.inputs, layer.weight, column * layer.inputs, layer.inputs)
            + Double(layer.bias[column]))
      }
    }
    return products
  }
}
