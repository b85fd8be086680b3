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
          let projections = try sample(layout, dimension, bench) { part, number in
            part == 0 ? 0 : part == 1 ? number : (number * 7.49).rounded()
          }
          return try attend(projections, bench) { result, wanted in
            // Tensor cores keep 13 bits of fraction of the largest product that they sum.
            try bench.compare(result, wanted, relative: bench.unit, absolute: 7 * 0x1p-11)
          }
        },
        DeviceCheck("attendBlocks in fp8", sizes) { bench in
          let projections = try sample(layout, dimension, bench) { part, number in part == 2 ? number : 2 * number }
          return try attend(projections, bench) { result, wanted in
            // Numbers of 4 bits are off by 2⁻⁴ at most, and by 0.03 on average: queries, keys, values and weights.
            let vectors = result.shape.count / dimension
            return .worse(
              try bench.compareNorms(result, wanted, vectors: 1, relative: 0.07),
              try bench.compareNorms(result, wanted, vectors: vectors, relative: 0.25))
          }
        },
      ]
    }
  }

  /// Heads without norm and rotation.
  /// - Parameter number: Makes an element of queries (0), keys (1) or values (2) of noise between −1 and 1.
  private static func sample(
    _ layout: TokenLayout, _ dimension: Int, _ bench: CheckBench, number: (Int, Float) -> Float
  ) throws -> (own: AttentionProjection, exact: AttentionProjection) {
    let heads = 2
    func segment(_ rows: Int, seed: UInt64) throws -> (own: Tensor, exact: Tensor) {
      let values = noise([rows, 3 * heads * dimension], seed: seed)
      let numbers = values.floats().enumerated().map { number($0.offset / (heads * dimension) % 3, $0.element) }
      return try bench.operand(Tensor(numbers, shape: values.shape))
    }
    let video = try segment(layout.videoTokens, seed: 31)
    let text = layout.textTokens > 0 ? try segment(layout.textTokens, seed: 32) : nil
    func projection(_ text: Tensor?, _ video: Tensor) -> AttentionProjection {
      AttentionProjection(
        layout: layout, heads: heads, headDimension: dimension, text: text.map { .init(packed: $0) },
        video: .init(packed: video))
    }
    return (projection(text?.own, video.own), projection(text?.exact, video.exact))
  }

  /// Attends to all keys and within bands, by heads of both patterns.
  private static func attend(
    _ projections: (own: AttentionProjection, exact: AttentionProjection), _ bench: CheckBench,
    compare: (Tensor, Tensor) throws -> Outcome
  ) throws -> Outcome {
    let (own, exact) = projections
    let size = bench.device.attentionBlockSize
    let patterns = (0..<own.heads).map { $0 % 2 == 0 ? HeadPattern.temporal : .spatial }
    let heads = try bench.device.quantizeHeads(bench.device.prepareHeads(own, patterns: patterns))
    var worst = Outcome(worst: 0, details: "")
    for bands in [nil, BandPair(.density(0.4), layout: own.layout, blockSize: size)] {
      let masks = PatternMasks(layout: own.layout, bands: bands, blockSize: size)
      worst = .worse(
        worst,
        try compare(
          bench.device.attendBlocks(heads, masks: masks),
          bench.reference.attendBlocks(bench.reference.prepareHeads(exact, patterns: patterns), masks: masks)))
    }
    return worst
  }
}
