import Attention
import Compute
import Tensor
import Testing

/// A sample in an attention test.
struct Sample: Sendable, CustomTestStringConvertible {
  let layout: TokenLayout
  let dimension: Int
  let normalization: HeadNormalization.Kind?

  static let all = [
    Sample(layout: TokenLayout(frames: 3, tokensPerFrame: 50, textTokens: 10), dimension: 16, normalization: .layer),
    Sample(
      layout: TokenLayout(
        frames: 4, tokensPerFrame: 64, textTokens: 70, validTextTokens: 66, textPlacement: .last), dimension: 64,
      normalization: .rootMeanSquare),
    Sample(layout: TokenLayout(frames: 5, tokensPerFrame: 41), dimension: 32, normalization: nil),
    Sample(
      layout: TokenLayout(frames: 1, tokensPerFrame: 7, textTokens: 3, validTextTokens: 0), dimension: 6,
      normalization: .layer),
  ]

  var testDescription: String { "\(layout), D = \(dimension)" }

  /// Two heads in the device's type, and the same numbers as float32.
  func projections(_ setup: Setup) -> (own: AttentionProjection, exact: AttentionProjection) {
    let heads = 3
    func segment(
      _ rows: Int, seed: UInt64, isRotated: Bool
    ) -> (AttentionProjection.Segment, AttentionProjection.Segment) {
      let packed = setup.operand(noise([rows, 3 * heads * dimension], seed: seed))
      func norm(_ seed: UInt64) -> HeadNormalization? {
        normalization.map {
          HeadNormalization(
            kind: $0, epsilon: 1e-6, weight: noise([dimension], seed: seed, offset: 1),
            bias: $0 == .layer ? noise([dimension], seed: seed + 1) : nil)
        }
      }
      let angles = noise([rows, dimension / 2], seed: seed + 4).floats()
      let rotary = RotaryTable(
        cosine: floats(angles.map { (1 - $0 * $0).squareRoot() }, [rows, dimension / 2]),
        sine: floats(angles, [rows, dimension / 2]))
      func make(_ packed: Tensor) -> AttentionProjection.Segment {
        AttentionProjection.Segment(
          packed: packed, queryNormalization: norm(seed + 5), keyNormalization: norm(seed + 7),
          rotary: isRotated ? rotary : nil)
      }
      return (make(packed.own), make(packed.exact))
    }
    let video = segment(layout.videoTokens, seed: 1, isRotated: true)
    let text = layout.textTokens > 0 ? segment(layout.textTokens, seed: 20, isRotated: false) : nil
    return (
      AttentionProjection(layout: layout, heads: heads, headDimension: dimension, text: text?.0, video: video.0),
      AttentionProjection(layout: layout, heads: heads, headDimension: dimension, text: text?.1, video: video.1)
    )
  }
}

@Suite struct CPUAttentionTests {
  let reference = ReferenceDevice()

  @Test(arguments: Setup.types, Sample.all)
  func `attention agrees with the reference, dense and in bands`(setup: Setup, sample: Sample) throws {
    let device = setup.device
    let (own, exact) = sample.projections(setup)
    #expect(device.attentionBlockSize == reference.attentionBlockSize)
    for bands in [nil, BandPair(.density(0.4), layout: sample.layout, blockSize: 64)] {
      let masks = PatternMasks(layout: sample.layout, bands: bands, blockSize: 64)
      let patterns: [HeadPattern] = [.temporal, .spatial, .temporal]
      let result = try device.attendBlocks(device.prepareHeads(own, patterns: patterns), masks: masks)
      #expect(result.elementType == setup.type)
      let wanted = reference.attendBlocks(reference.prepareHeads(exact, patterns: patterns), masks: masks)
      // Normalized scores reach a few tens with float32 operands; with bfloat16 products each weight is off by a
      // few 2⁻⁹ and the values average up to 1.
      let operands: Float = setup.type == .float32 || !CPUDevice.multipliesBFloat16 ? 2e-5 : 2e-2
      expectClose(result, wanted, relative: setup.unit, absolute: operands, sample.testDescription)
    }
  }

  @Test(arguments: Setup.types, Sample.all)
  func `profiling agrees with the reference`(setup: Setup, sample: Sample) throws {
    let (own, exact) = sample.projections(setup)
    let bands = BandPair(.density(0.4), layout: sample.layout, blockSize: 64)
    let rows = [0, 3, sample.layout.videoTokens / 2, sample.layout.videoTokens - 1].map { VideoIndex<FrameMajor>($0) }
    let result = try setup.device.profileHeads(own, rows: rows, bands: bands).errors
    let wanted = try reference.profileHeads(exact, rows: rows, bands: bands).errors
    let relative: Float = setup.type == .float32 || !CPUDevice.multipliesBFloat16 ? 1e-3 : 5e-2
    expectClose(
      floats(result.flatMap { [$0.spatial, $0.temporal] }, [result.count, 2]),
      floats(wanted.flatMap { [$0.spatial, $0.temporal] }, [wanted.count, 2]), relative: relative, absolute: 1e-8)
  }

  @Test(arguments: [ElementType.float32, .bfloat16])
  func `the number of threads does not change a bit`(type: ElementType) throws {
    let sample = Sample.all[1]
    let (own, _) = sample.projections(Setup(type: type, threads: 1))
    let bands = BandPair(.density(0.4), layout: sample.layout, blockSize: 64)
    let masks = PatternMasks(layout: sample.layout, bands: bands, blockSize: 64)
    let results = try [1, 2, 3, 2].map { threads in
      let device = CPUDevice(threads: threads, activationType: type)
      let errors = try device.profileHeads(own, rows: [VideoIndex(5), VideoIndex(200)], bands: bands).errors
      let heads = try device.prepareHeads(own, patterns: errors.map(\.pattern))
      return try device.attendBlocks(heads, masks: masks).floats() + errors.flatMap { [$0.spatial, $0.temporal] }
    }
    for result in results { #expect(result == results[0]) }
  }
}
