import Tensor

extension DeviceCheck {
  /// Norms of rows and attention of text encoders.
  static var rowChecks: [DeviceCheck] {
    [(1, 1), (3, 7), (5, 16), (67, 100), (2, 1032), (9, 3072)].map { rows, channels in
      DeviceCheck("normalize", "[\(rows), \(channels)]") { bench in
        let (input, exact) = try bench.operand(noise([rows, channels], seed: 1, scale: 3, offset: 1))
        let vectors = (0..<5).map { noise([channels], seed: 2 + $0) }
        let own = try vectors.map(bench.parameter)
        var worst = Outcome(worst: 0, details: "")
        for kind in [RowNormalization.Kind.layer, .rootMeanSquare] {
          for (weight, bias) in [(nil, nil), (0, nil), (0, 1)] as [(Int?, Int?)] {
            for ranges in [[], [rows / 2..<rows], [rows / 3..<rows, 0..<rows / 3], [rows / 3..<2 * rows / 3]] {
              func norm(_ vectors: [Tensor]) -> RowNormalization {
                RowNormalization(
                  kind, epsilon: 1e-5, weight: weight.map { vectors[$0] }, bias: bias.map { vectors[$0] })
              }
              func modulation(_ vectors: [Tensor]) -> [RowModulation] {
                ranges.enumerated().map {
                  RowModulation(rows: $1, scale: vectors[2 + $0], shift: vectors[3 + $0])
                }
              }
              // Rows have a deviation near 2: the mean costs a few units, each product and sum one more.
              worst = .worse(
                worst,
                try bench.compare(
                  bench.device.normalize(input, norm(own), modulation: modulation(own)),
                  bench.reference.normalize(exact, norm(vectors), modulation: modulation(vectors)),
                  relative: bench.unit + 1e-6, absolute: 1e-5))
            }
          }
        }
        return worst
      }
    }
      + [(1, 8), (7, 6), (33, 64)].map { rows, dimension in
        DeviceCheck("rotateText", "\(rows) rows, D = \(dimension)") { bench in
          let (own, exact) = try bench.operand(noise([rows, 3 * dimension], seed: 5))
          var (result, wanted) = (try bench.device.concatenate([own]), bench.reference.concatenate([exact]))
          let sine = noise([rows, dimension / 2], seed: 6)
          let cosine = Tensor(sine.floats().map { (1 - $0 * $0).squareRoot() }, shape: sine.shape)
          try bench.device.rotateText(
            &result, heads: 3, cosine: bench.parameter(cosine), sine: bench.parameter(sine))
          try bench.reference.rotateText(&wanted, heads: 3, cosine: cosine, sine: sine)
          return try bench.compare(result, wanted, relative: bench.unit, absolute: 4e-7)
        }
      }
      + [(1, 1, 8), (7, 7, 5), (33, 33, 16), (70, 70, 64), (1, 9, 8), (7, 3, 6), (33, 65, 40)].map {
        rows, keys, dimension in
        DeviceCheck("attendText", "\(rows) rows, \(keys) keys, D = \(dimension)") { bench in
          var worst = Outcome(worst: 0, details: "")
          for (heads, keyHeads) in [(2, 2), (4, 2), (3, 1)] {
            let operands = try textOperands(
              rows: rows, keys: keys, heads: heads, keyHeads: keyHeads, dimension: dimension, bench)
            let bias = noise([heads, rows, keys], seed: 8, scale: 4)
            for (hasBias, isCausal) in [(false, false), (false, true), (true, false)] where rows == keys || !isCausal {
              worst = .worse(
                worst,
                try compareText(
                  operands, heads: heads, keyHeads: keyHeads, bias: hasBias ? bias : nil, isCausal: isCausal,
                  absolute: 2e-5, bench))
            }
          }
          return worst
        }
      }
      + [(1, 256, 8), (40, 300, 512), (70, 289, 40), (33, 600, 128), (3, 25000, 5)].map { rows, keys, dimension in
        DeviceCheck("attendText", "\(rows) rows, \(keys) keys, D = \(dimension), of frames") { bench in
          var worst = Outcome(worst: 0, details: "")
          for (heads, keyHeads) in dimension == 512 ? [(1, 1)] : [(1, 1), (4, 2)] {
            let operands = try textOperands(
              rows: rows, keys: keys, heads: heads, keyHeads: keyHeads, dimension: dimension, bench)
            // Where weights are bfloat16, each is off by 2⁻⁹, and so is their sum; values are at most 1.
            worst = .worse(
              worst,
              try compareText(
                operands, heads: heads, keyHeads: keyHeads, bias: nil, isCausal: false,
                absolute: bench.isCoarse ? 0x1p-8 : 2e-5, bench))
          }
          return worst
        }
      }
  }

  /// Queries, keys and values.
  private static func textOperands(
    rows: Int, keys: Int, heads: Int, keyHeads: Int, dimension: Int, _ bench: CheckBench
  ) throws -> [(own: Tensor, exact: Tensor)] {
    try [(rows, heads), (keys, keyHeads), (keys, keyHeads)].enumerated().map { index, size in
      try bench.operand(noise([size.0, size.1 * dimension], seed: UInt64(5 + index)))
    }
  }

  private static func compareText(
    _ operands: [(own: Tensor, exact: Tensor)], heads: Int, keyHeads: Int, bias: Tensor?, isCausal: Bool,
    absolute: Float, _ bench: CheckBench
  ) throws -> Outcome {
    try bench.compare(
      bench.device.attendText(
        query: operands[0].own, key: operands[1].own, value: operands[2].own, heads: heads, keyHeads: keyHeads,
        scale: 0.5, bias: bias.map(bench.parameter), isCausal: isCausal),
      bench.reference.attendText(
        query: operands[0].exact, key: operands[1].exact, value: operands[2].exact, heads: heads, keyHeads: keyHeads,
        scale: 0.5, bias: bias, isCausal: isCausal),
      relative: bench.unit, absolute: absolute)
  }
}
