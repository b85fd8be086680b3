import Attention
import Tensor

/// Two heads without norm and rotation, one of each pattern, for checks of attention.
struct PlainHeads {
  /// An element of the queries, keys or values.
  struct Element {
    /// 0 queries, 1 keys, 2 values.
    let part: Int
    /// The token, counted from the first of the video or of the text.
    let token: Int
    /// The place in the head.
    let index: Int
    /// A number between −1 and 1.
    let noise: Float
  }

  let layout: TokenLayout
  let dimension: Int
  private let heads = 2
  private let number: (Element) -> Float

  /// - Parameter number: Makes an element.
  init(_ layout: TokenLayout, dimension: Int, number: @escaping (Element) -> Float) {
    (self.layout, self.dimension, self.number) = (layout, dimension, number)
  }

  /// Attends to all keys and within bands.
  /// - Parameter compare: Compares what the device has made with what the reference has.
  func attend(
    in numbers: AttentionNumbers, _ bench: CheckBench, compare: (Tensor, Tensor) throws -> DeviceCheck.Outcome
  ) throws -> DeviceCheck.Outcome {
    let (own, exact) = try projections(bench)
    let size = bench.device.attentionBlockSize
    let patterns = [HeadPattern.temporal, .spatial]
    var prepared = try bench.device.prepareHeads(own, patterns: patterns)
    if numbers == .float8 { prepared = try bench.device.quantizeHeads(prepared) }
    var worst = DeviceCheck.Outcome(worst: 0, details: "")
    for bands in [nil, BandPair(.density(0.4), layout: layout, blockSize: size)] {
      let masks = PatternMasks(layout: layout, bands: bands, blockSize: size)
      worst = .worse(
        worst,
        try compare(
          bench.device.attendBlocks(prepared, masks: masks),
          bench.reference.attendBlocks(bench.reference.prepareHeads(exact, patterns: patterns), masks: masks)))
    }
    return worst
  }

  /// The heads for the device and for the reference.
  private func projections(_ bench: CheckBench) throws -> (own: AttentionProjection, exact: AttentionProjection) {
    func segment(_ rows: Int, seed: UInt64) throws -> (own: Tensor, exact: Tensor) {
      let values = noise([rows, 3 * heads * dimension], seed: seed)
      let numbers = values.floats().enumerated().map { place, noise in
        let vector = place / dimension
        return number(
          Element(
            part: vector / heads % 3, token: vector / heads / 3, index: place % dimension, noise: noise))
      }
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
}
