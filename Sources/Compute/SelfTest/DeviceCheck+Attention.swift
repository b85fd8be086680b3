import Attention
import Tensor

extension DeviceCheck {
  /// A sample to attend.
  private struct Sample {
    let layout: TokenLayout
    let dimension: Int
    let normalization: HeadNormalization.Kind?
    var heads = 3

    /// The sample for the device and for the reference.
    func projections(_ bench: CheckBench) throws -> (own: AttentionProjection, exact: AttentionProjection) {
      let video = try segment(layout.videoTokens, seed: 1, isRotated: true, bench)
      let text = layout.textTokens > 0 ? try segment(layout.textTokens, seed: 20, isRotated: false, bench) : nil
      func projection(
        _ text: AttentionProjection.Segment?, _ video: AttentionProjection.Segment
      ) -> AttentionProjection {
        AttentionProjection(layout: layout, heads: heads, headDimension: dimension, text: text, video: video)
      }
      return (projection(text?.own, video.own), projection(text?.exact, video.exact))
    }

    private func segment(
      _ rows: Int, seed: UInt64, isRotated: Bool, _ bench: CheckBench
    ) throws -> (own: AttentionProjection.Segment, exact: AttentionProjection.Segment) {
      let packed = try bench.operand(noise([rows, 3 * heads * dimension], seed: seed))
      let sine = noise([rows, dimension / 2], seed: seed + 4)
      let cosine = Tensor(sine.floats().map { (1 - $0 * $0).squareRoot() }, shape: sine.shape)
      func make(
        _ packed: Tensor, _ parameter: (Tensor) throws -> Tensor
      ) throws -> AttentionProjection.Segment {
        func norm(_ seed: UInt64) throws -> HeadNormalization? {
          try normalization.map {
            HeadNormalization(
              kind: $0, epsilon: 1e-6, weight: try parameter(noise([dimension], seed: seed, offset: 1)),
              bias: $0 == .layer ? try parameter(noise([dimension], seed: seed + 1)) : nil)
          }
        }
        return AttentionProjection.Segment(
          packed: packed, queryNormalization: try norm(seed + 5), keyNormalization: try norm(seed + 7),
          rotary: isRotated ? RotaryTable(cosine: try parameter(cosine), sine: try parameter(sine)) : nil)
      }
      return (try make(packed.own, bench.parameter), try make(packed.exact) { $0 })
    }
  }

  private static let samples = [
    Sample(layout: TokenLayout(frames: 3, tokensPerFrame: 50, textTokens: 10), dimension: 16, normalization: .layer),
    Sample(
      layout: TokenLayout(frames: 4, tokensPerFrame: 64, textTokens: 70, validTextTokens: 66, textPlacement: .last),
      dimension: 64, normalization: .rootMeanSquare),
    Sample(layout: TokenLayout(frames: 5, tokensPerFrame: 41), dimension: 32, normalization: nil),
    Sample(
      layout: TokenLayout(frames: 1, tokensPerFrame: 7, textTokens: 3, validTextTokens: 0), dimension: 6,
      normalization: .layer),
    Sample(
      layout: TokenLayout(frames: 7, tokensPerFrame: 60, textTokens: 33, textPlacement: .last), dimension: 128,
      normalization: .rootMeanSquare, heads: 5),
    Sample(
      layout: TokenLayout(frames: 9, tokensPerFrame: 70, textTokens: 20), dimension: 64, normalization: .layer, heads: 2
    ),
  ]

  /// Attention and profiling, dense and in bands.
  static var attentionChecks: [DeviceCheck] {
    samples.flatMap { sample in
      let sizes = "\(sample.layout), D = \(sample.dimension)"
      return [
        DeviceCheck("attendBlocks", sizes) { bench in
          let (own, exact) = try sample.projections(bench)
          let size = bench.device.attentionBlockSize
          var worst = Outcome(worst: 0, details: "")
          for bands in [nil, BandPair(.density(0.4), layout: sample.layout, blockSize: size)] {
            let masks = PatternMasks(layout: sample.layout, bands: bands, blockSize: size)
            let patterns = (0..<sample.heads).map { $0 % 2 == 0 ? HeadPattern.temporal : .spatial }
            // Normalized scores reach a few tens with float32 operands; with bfloat16 operands each weight is off by a
            // few 2⁻⁹ and the values average up to 1.
            worst = .worse(
              worst,
              try bench.compare(
                bench.device.attendBlocks(bench.device.prepareHeads(own, patterns: patterns), masks: masks),
                bench.reference.attendBlocks(bench.reference.prepareHeads(exact, patterns: patterns), masks: masks),
                relative: bench.unit, absolute: bench.isCoarse ? 2e-2 : 2e-5))
          }
          return worst
        },
        DeviceCheck("profileHeads", sizes) { bench in
          let (own, exact) = try sample.projections(bench)
          let bands = BandPair(.density(0.4), layout: sample.layout, blockSize: bench.device.attentionBlockSize)
          let last = sample.layout.videoTokens - 1
          let rows = [0, min(3, last), last / 2, last].map { VideoIndex<FrameMajor>($0) }
          func errors(_ errors: [ProfilingError]) -> Tensor {
            Tensor(errors.flatMap { [$0.spatial, $0.temporal] }, shape: [errors.count, 2])
          }
          let result = errors(try bench.device.profileHeads(own, rows: rows, bands: bands).errors)
          let wanted = errors(try bench.reference.profileHeads(exact, rows: rows, bands: bands).errors)
          return try bench.compare(
            bench.parameter(result), wanted, relative: bench.isCoarse ? 5e-2 : 1e-3,
            absolute: bench.isCoarse ? 1e-6 : 1e-8)
        },
        DeviceCheck("prepareHeads by profile", sizes) { bench in
          let (own, _) = try sample.projections(bench)
          let size = bench.device.attentionBlockSize
          let bands = BandPair(.density(0.4), layout: sample.layout, blockSize: size)
          let masks = PatternMasks(layout: sample.layout, bands: bands, blockSize: size)
          let rows = [0, sample.layout.videoTokens - 1].map { VideoIndex<FrameMajor>($0) }
          let profile = try bench.device.profileHeads(own, rows: rows, bands: bands)
          let chosen = try bench.device.attendBlocks(
            bench.device.prepareHeads(own, profile: profile), masks: masks)
          // What the device chose is what its errors say: the same bits as with these patterns.
          let told = try bench.device.attendBlocks(
            bench.device.prepareHeads(own, patterns: profile.errors.map(\.pattern)), masks: masks)
          return try bench.compare(chosen, bench.device.download(told), relative: 0, absolute: 1e-30)
        },
      ]
    } + [16, 64, 128].map { largeScores(dimension: $0) }
  }
}
