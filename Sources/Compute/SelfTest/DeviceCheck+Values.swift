import Tensor

extension DeviceCheck {
  /// Operations on every element by itself, and on memory.
  static var valueChecks: [DeviceCheck] {
    let types: [ElementType] = [.float32, .float16, .bfloat16]
    let conversions = types.flatMap { from in
      types.map { to in
        DeviceCheck("convert", "\(from) to \(to)") { bench in
          var values = noise([5000], seed: 4, scale: 3).floats()
          values += [0, -0.0, 65504, 1e5, -1e9, 6e-8, 2.9e-8, 1e-5, -6.1e-5]
          let input = Tensor(values, shape: [values.count]).converted(to: from)
          let result = try bench.device.convert(bench.device.upload(input, as: from), to: to)
          // The same rounding, bit for bit; infinities do not subtract.
          let (got, wanted) = (try bench.device.download(result).floats(), input.converted(to: to).floats())
          let wrong = got.indices.first { got[$0] != wanted[$0] }
          return Outcome(
            worst: wrong == nil ? 0 : .infinity,
            details: wrong.map { "element \($0) is \(got[$0]) and should be \(wanted[$0])" } ?? "all bits agree")
        }
      }
    }
    let activations = [Activation.identity, .relu, .silu, .geluTanh, .gelu, .quickGELU].map { activation in
      DeviceCheck("activate and gate", "\(activation)") { bench in
        var values = (-400...400).map { Float($0) / 16 }
        values += [0, -0.0, 1e-20, -1e-20, 1e-4, -1e-4, 80, -80, 200, -200, 3e4]
        let (input, exact) = try bench.operand(Tensor(values, shape: [2, values.count / 2]))
        return .worse(
          try bench.compare(
            bench.device.activate(input, activation), bench.reference.activate(exact, activation),
            relative: bench.unit + 1e-6, absolute: 1e-6),
          try bench.compare(
            bench.device.gate(input, activation: activation), bench.reference.gate(exact, activation: activation),
            relative: bench.unit + 2e-6, absolute: 2e-5))
      }
    }
    let others = [
      DeviceCheck("upload", "9 MiB and back") { bench in
        let tensor = noise([9, 1 << 18], seed: 3)
        return try bench.compare(
          bench.device.upload(tensor, as: bench.device.activationType),
          tensor.converted(to: bench.device.activationType), relative: 0, absolute: 1e-30)
      },
      DeviceCheck("add", "[37, 19]") { bench in
        let (own, exact) = try bench.operand(noise([37, 19], seed: 1))
        let (other, exactOther) = try bench.operand(noise([37, 19], seed: 2))
        var (sum, wanted) = (try bench.device.concatenate([own]), bench.reference.concatenate([exact]))
        try bench.device.add(other, to: &sum)
        bench.reference.add(exactOther, to: &wanted)
        return try bench.compare(sum, wanted, relative: bench.unit, absolute: 0x1p-140)
      },
      DeviceCheck("concatenate", "slices of [10, 3]") { bench in
        let (own, exact) = try bench.operand(noise([10, 3], seed: 9))
        return try bench.compare(
          bench.device.concatenate([own.slice(7..<10), own.slice(0..<1)]),
          bench.reference.concatenate([exact.slice(7..<10), exact.slice(0..<1)]), relative: 0, absolute: 1e-30)
      },
      DeviceCheck("embed", "4 rows of [50, 21]") { bench in
        let table = noise([50, 21], seed: 3).converted(to: .float16)
        return try bench.compare(
          bench.device.embed([49, 0, 7, 7], table: table), bench.reference.embed([49, 0, 7, 7], table: table),
          relative: bench.unit, absolute: 0x1p-140)
      },
    ]
    return conversions + activations + others
  }
}
