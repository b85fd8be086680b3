import Tensor

extension ReferenceDevice {
  /// Normalizes every row, scales and shifts it, then modulates it.
  public func normalize(_ input: Tensor, _ norm: RowNormalization, modulation: [RowModulation]) -> Tensor {
    measure(.other) {
      let channels = input.shape[-1]
      let values = referenceValues(input)
      let weight = norm.weight.map(referenceValues)
      let bias = norm.bias.map(referenceValues)
      let vectors = modulation.map { (scale: referenceValues($0.scale), shift: referenceValues($0.shift)) }
      var result: [Float] = []
      result.reserveCapacity(values.count)
      for row in 0..<input.shape.rows {
        let modulated = modulation.firstIndex { $0.rows.contains(row) }.map { vectors[$0] }
        let normalized = normalizedRow(
          values[row * channels..<(row + 1) * channels], centered: norm.kind == .layer, epsilon: norm.epsilon)
        for channel in 0..<channels {
          var value = normalized[channel] * Double(weight?[channel] ?? 1) + Double(bias?[channel] ?? 0)
          if let modulated {
            value = value * (1 + Double(modulated.scale[channel])) + Double(modulated.shift[channel])
          }
          result.append(Float(value))
        }
      }
      return referenceTensor(result, input.shape)
    }
  }

  /// `activation(x[…, ..<C/2]) · x[…, C/2...]`.
  public func gate(_ input: Tensor, activation: Activation) -> Tensor {
    measure(.other) {
      let half = input.shape[-1] / 2
      precondition(input.shape[-1] == 2 * half, "\(input) has no two halves")
      let values = referenceValues(input)
      var result: [Float] = []
      result.reserveCapacity(input.shape.rows * half)
      for row in 0..<input.shape.rows {
        for channel in 0..<half {
          let index = row * 2 * half + channel
          result.append(Float(activation.exact(Double(values[index])) * Double(values[index + half])))
        }
      }
      return referenceTensor(result, Shape(input.shape.dimensions.dropLast() + [half]))
    }
  }

  /// `activation(x)`.
  public func activate(_ input: Tensor, _ activation: Activation) -> Tensor {
    measure(.other) {
      referenceTensor(referenceValues(input).map { Float(activation.exact(Double($0))) }, input.shape)
    }
  }

  /// `x += y`.
  public func add(_ other: Tensor, to tensor: inout Tensor) {
    measure(.other) {
      precondition(other.shape.count == tensor.shape.count, "\(other) cannot be added to \(tensor)")
      storeReferenceValues(zip(referenceValues(tensor), referenceValues(other)).map { $0 + $1 }, in: tensor)
    }
  }

  /// The rows of `table` that `ids` name.
  public func embed(_ ids: [Int32], table: Tensor) -> Tensor {
    measure(.other) {
      referenceTensor(
        ids.flatMap { referenceValues(table.slice(Int($0)..<Int($0) + 1)) }, [ids.count, table.shape[1]])
    }
  }
}

/// A row divided by its standard deviation around the mean or by its root mean square, in double precision.
func normalizedRow(_ row: ArraySlice<Float>, centered: Bool, epsilon: Float) -> [Double] {
  let count = Double(row.count)
  let mean = centered ? row.reduce(0.0) { $0 + Double($1) } / count : 0
  let variance = row.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
  let factor = 1 / (variance + Double(epsilon)).squareRoot()
  return row.map { (Double($0) - mean) * factor }
}
