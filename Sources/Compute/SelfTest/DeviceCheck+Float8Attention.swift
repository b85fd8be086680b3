import Attention
import Tensor

extension DeviceCheck {
  private static let layouts = [
    TokenLayout(frames: 1, tokensPerFrame: 1),
    TokenLayout(frames: 7, tokensPerFrame: 60, textTokens: 33, textPlacement: .last),
    TokenLayout(frames: 3, tokensPerFrame: 90, textTokens: 150, validTextTokens: 140, textPlacement: .first),
  ]

  /// Attention in 8-bit numbers, with heads of `dimension` elements, for devices that have it.
  static func float8Checks(dimension: Int) -> [DeviceCheck] {
    layouts.flatMap { layout in
      let sizes = "\(layout), D = \(dimension)"
      return [
        DeviceCheck("attendBlocks in fp8, exact", sizes) { bench in
          // Queries of zero weigh all kept keys alike, and e4m3 holds these values: so masks and places show.
          let heads = PlainHeads(layout, dimension: dimension) {
            $0.part == 0 ? 0 : $0.part == 1 ? $0.noise : ($0.noise * 7.49).rounded()
          }
          return try heads.attend(in: .float8, bench) { result, wanted in
            // Tensor cores keep 13 bits of fraction of the largest product that they sum.
            try bench.compare(result, wanted, relative: bench.unit, absolute: 7 * 0x1p-11)
          }
        },
        DeviceCheck("attendBlocks in fp8", sizes) { bench in
          let heads = PlainHeads(layout, dimension: dimension) { $0.part == 2 ? $0.noise : 2 * $0.noise }
          return try heads.attend(in: .float8, bench) { result, wanted in
            // Numbers of 4 bits are off by 2⁻⁴ at most, and by 0.03 on average: queries, keys, values and weights.
            let vectors = result.shape.count / dimension
            return .worse(
              try bench.compareNorms(result, wanted, vectors: 1, relative: 0.07),
              try bench.compareNorms(result, wanted, vectors: vectors, relative: 0.25))
          }
        },
      ]
    } + [largeScores(dimension: dimension, in: .float8)]
  }
}
