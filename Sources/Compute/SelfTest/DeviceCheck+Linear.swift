import Tensor

extension DeviceCheck {
  /// Linear layers: rows that are and are not a multiple of 16 bytes, one and many.
  static var linearChecks: [DeviceCheck] {
    let sizes = [(1, 8, 8), (1, 192, 384), (3, 5, 7), (70, 64, 96), (67, 96, 3), (129, 100, 24), (140, 256, 264)]
    return sizes.map { rows, inputs, outputs in
      DeviceCheck("linear", "[\(rows), \(inputs)] to \(outputs)") { bench in
        var worst = Outcome(worst: 0, details: "")
        for hasBias in [false, true] {
          let parameters = parameters(inputs: inputs, outputs: outputs, hasBias: hasBias)
          let (layer, plain) = (try bench.device.makeLinear(parameters), bench.reference.makeLinear(parameters))
          let (input, exact) = try bench.operand(noise([rows, inputs], seed: 5))
          for activation in [Activation.identity, .relu, .silu, .geluTanh, .gelu, .quickGELU] {
            // Where the device rounds before it activates, slopes of up to 1.13 carry that error on; values reach √K.
            worst = .worse(
              worst,
              try bench.compare(
                bench.device.linear(input, layer, activation: activation),
                bench.reference.linear(exact, plain, activation: activation), relative: 2.5 * bench.unit + 1e-6,
                absolute: bench.isCoarse ? 4e-3 : 2e-5))
          }
        }
        return worst
      }
    }
      + sizes.map { rows, inputs, outputs in
        DeviceCheck("addLinear", "[\(rows), \(inputs)] to \(outputs)") { bench in
          let parameters = parameters(inputs: inputs, outputs: outputs, hasBias: true)
          let (layer, plain) = (try bench.device.makeLinear(parameters), bench.reference.makeLinear(parameters))
          let (input, exact) = try bench.operand(noise([rows, inputs], seed: 5))
          let gates = [0..<rows / 3, rows / 2..<rows].map { ($0, noise([outputs], seed: UInt64($0.count))) }
          var worst = Outcome(worst: 0, details: "")
          for isGated in [false, true] {
            let (start, exactStart) = try bench.operand(noise([rows, outputs], seed: 6))
            var (residual, wanted) = (try bench.device.concatenate([start]), bench.reference.concatenate([exactStart]))
            try bench.device.addLinear(
              input, layer, to: &residual,
              gates: isGated ? gates.map { RowGate(rows: $0.0, gate: try bench.parameter($0.1)) } : [])
            bench.reference.addLinear(
              exact, plain, to: &wanted, gates: isGated ? gates.map { RowGate(rows: $0.0, gate: $0.1) } : [])
            // A product of up to √K is rounded before it is added.
            let product = Float(inputs).squareRoot() * bench.unit / 2
            worst = .worse(
              worst,
              try bench.compare(residual, wanted, relative: 2 * bench.unit, absolute: product + 2e-5))
          }
          return worst
        }
      }
  }

  /// Two stacked weights, exact in bfloat16.
  private static func parameters(inputs: Int, outputs: Int, hasBias: Bool) -> LinearParameters {
    let parts = outputs > 4 ? [outputs / 2, outputs - outputs / 2] : [outputs]
    return LinearParameters(
      weights: parts.map { noise([$0, inputs], seed: UInt64($0 + 1)).converted(to: .bfloat16) },
      biases: hasBias ? parts.map { noise([$0], seed: UInt64($0 + 2)).converted(to: .bfloat16) } : [])
  }
}
