import Attention
import Compute
import Tensor
import Testing

/// The oracle itself, against numbers worked out by hand.
@Suite struct ReferenceDeviceTests {
  let device = ReferenceDevice()

  @Test func `a stacked linear layer multiplies, adds its bias and activates`() {
    let layer = device.makeLinear(
      LinearParameters(
        weights: [floats([1, 2, 3, 4], [2, 2]), floats([-1, 1], [1, 2])],
        biases: [floats([0.5, 0], [2]), floats([-4], [1])]))
    let result = device.linear(floats([1, 2, 0, -1], [2, 2]), layer, activation: .relu)
    #expect(result.shape == [2, 3])
    #expect(result.floats() == [5.5, 11, 0, 0, 0, 0])
  }

  @Test func `a gated linear layer adds to the residual in place, with gate 1 outside the ranges`() {
    let layer = device.makeLinear(LinearParameters(weights: [floats([1, 1], [2, 1])]))
    var residual = floats([Float](repeating: 10, count: 4), [2, 2])
    device.addLinear(
      floats([1, 2], [2, 1]), layer, to: &residual,
      gates: [RowGate(rows: 1..<2, gate: floats([3, -1], [2]))])
    #expect(residual.floats() == [11, 11, 16, 8])
  }

  @Test func `norms divide by the deviation or by the root mean square, then modulate`() {
    let input = floats([1, 3, 3, 4], [2, 2])
    let layer = device.normalize(
      input,
      RowNormalization(.layer, epsilon: 0, weight: floats([2, 2], [2]), bias: floats([1, 1], [2])),
      modulation: [
        RowModulation(rows: 1..<2, scale: floats([1, 1], [2]), shift: floats([0, 5], [2]))
      ])
    #expect(layer.floats() == [-1, 3, -2, 11])
    let root = device.normalize(
      floats([3, 4], [1, 2]), RowNormalization(.rootMeanSquare, epsilon: 0), modulation: [])
    #expect(abs(root.floats()[0] - 3 / Float(12.5).squareRoot()) < 1e-6)
  }

  @Test func `a convolution repeats the first frame, pads places with zeros and steps`() {
    // One channel; the kernel adds the frame before and twice the right neighbor of the frame itself.
    let weight = floats([1, 0, 0, 2], [1, 1, 2, 1, 2])
    let frames = floats([1, 2, 3, 4, 5, 6], [2, 1, 3, 1])
    let layer = device.makeConvolution(
      ConvolutionParameters(
        weight: weight, bias: floats([0.5], [1]), padding: SpatialPadding(top: 0, bottom: 0, left: 0, right: 1)))
    #expect(device.convolve(frames, previous: nil, layer).floats() == [5.5, 8.5, 3.5, 11.5, 14.5, 3.5])
    let previous = floats([10, 20, 30], [1, 1, 3, 1])
    #expect(device.convolve(frames, previous: previous, layer).floats() == [14.5, 26.5, 30.5, 11.5, 14.5, 3.5])
    let strided = device.makeConvolution(
      ConvolutionParameters(
        weight: weight, bias: nil, stride: 2, padding: SpatialPadding(top: 0, bottom: 0, left: 0, right: 1)))
    #expect(device.convolve(frames, previous: nil, strided).floats() == [5, 3, 11, 3])
  }

  @Test func `groups are normalized over frames and places and modulated at the nearest place`() {
    let frames = floats([1, 0, 3, 0, 1, 0, 3, 0], [2, 1, 2, 2])
    let norm = GroupNormalization(
      groups: 2, epsilon: 1, weight: floats([1, 1], [2]), bias: floats([0, 2], [2]))
    let scale = floats([2, 1, 4, 1], [2, 1, 1, 2])
    let shift = floats([0, 0, 1, 0], [2, 1, 1, 2])
    let result = device.normalizeGroups(
      frames, norm, modulation: NearestModulation(scale: scale, shift: shift, frameMap: [1, 0]), activation: .identity)
    let unit = 1 / Float(2).squareRoot()
    let expected: [Float] = [1 - 4 * unit, 2, 1 + 4 * unit, 2, -2 * unit, 2, 2 * unit, 2]
    for (value, wanted) in zip(result.floats(), expected) { #expect(abs(value - wanted) < 1e-6) }
  }

  @Test func `a border of nearest places repeats rows, columns and corners`() {
    // Each tap alone reads one neighbor: of 2×2 places 1 2 3 4 the one above and on the left, or below and on the right.
    func neighbors(tap: Int) -> [Float] {
      var weight = [Float](repeating: 0, count: 9)
      weight[tap] = 1
      let layer = device.makeConvolution(
        ConvolutionParameters(
          weight: floats(weight, [1, 1, 1, 3, 3]), bias: nil, padding: SpatialPadding(1), border: .nearest))
      return device.convolve(floats([1, 2, 3, 4], [1, 2, 2, 1]), previous: nil, layer).floats()
    }
    #expect(neighbors(tap: 0) == [1, 1, 1, 1])
    #expect(neighbors(tap: 1) == [1, 2, 1, 2])
    #expect(neighbors(tap: 5) == [2, 2, 4, 4])
    #expect(neighbors(tap: 8) == [4, 4, 4, 4])
  }

  @Test func `up-sampling repeats places and maps frames`() {
    let result = device.upsample(floats([1, 2, 3, 4], [2, 1, 2, 1]), frameMap: [0, 1, 1])
    #expect(result.shape == [3, 2, 4, 1])
    #expect(result.floats() == [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4, 3, 3, 4, 4, 3, 3, 4, 4])
  }

  @Test func `text is rotated in pairs that lie half a head apart`() throws {
    var rows = floats([1, 2, 3, 4, 5, 6, 7, 8], [1, 8])
    try device.rotateText(&rows, heads: 2, cosine: floats([0, 1], [1, 2]), sine: floats([1, 0], [1, 2]))
    #expect(rows.floats() == [-3, 2, 1, 4, -7, 6, 5, 8])
  }

  @Test func `text attention averages the values that a row sees`() {
    let zero = floats([Float](repeating: 0, count: 6), [3, 2])
    let value = floats([1, 2, 4], [3, 1])
    let key = floats([0, 0, 0], [3, 1])
    let causal = device.attendText(
      query: zero, key: key, value: value, heads: 2, keyHeads: 1, scale: 1, bias: nil, isCausal: true)
    for (result, wanted) in zip(causal.floats(), [1, 1, 1.5, 1.5, 7.0 / 3, 7.0 / 3] as [Float]) {
      #expect(abs(result - wanted) < 1e-6)
    }
  }

  @Test(arguments: [HeadPattern.spatial, .temporal])
  func `dense attention is the softmax average over valid tokens, whatever the placement`(pattern: HeadPattern) {
    let layout = TokenLayout(frames: 3, tokensPerFrame: 5, textTokens: 4, validTextTokens: 3)
    let dimension = 2
    func packed(_ rows: Int, _ start: Int) -> Tensor {
      floats((0..<rows * 3 * dimension).map { Float(($0 * 37 + start) % 19) / 10 - 0.9 }, [rows, 3 * dimension])
    }
    let (text, video) = (packed(4, 3), packed(15, 8))
    let projection = AttentionProjection(
      layout: layout, heads: 1, headDimension: dimension, scale: 1.5,
      text: AttentionProjection.Segment(packed: text), video: AttentionProjection.Segment(packed: video))
    let masks = PatternMasks(layout: layout, bands: nil, blockSize: 64)
    let result = device.attendBlocks(device.prepareHeads(projection, patterns: [pattern]), masks: masks).floats()

    let rows =
      stride(from: 0, to: 4 * 6, by: 6).map { Array(text.floats()[$0..<$0 + 6]) }
      + stride(from: 0, to: 15 * 6, by: 6).map { Array(video.floats()[$0..<$0 + 6]) }
    for (index, row) in rows.enumerated() {
      var (sums, total) = ([Float](repeating: 0, count: 2), Float(0))
      for (key, other) in rows.enumerated() where key != 3 {
        let weight = exponential((row[0] * other[2] + row[1] * other[3]) * 1.5)
        total += weight
        sums[0] += weight * other[4]
        sums[1] += weight * other[5]
      }
      for element in 0..<2 {
        #expect(abs(result[index * 2 + element] - (index == 3 ? 0 : sums[element] / total)) < 1e-5)
      }
    }
  }

  @Test func `profiling errors vanish when the bands keep everything and not otherwise`() throws {
    let layout = TokenLayout(frames: 4, tokensPerFrame: 32, textTokens: 2)
    func packed(_ rows: Int) -> AttentionProjection.Segment {
      .init(packed: floats((0..<rows * 12).map { Float(($0 * 31) % 23) / 10 }, [rows, 12]))
    }
    let projection = AttentionProjection(
      layout: layout, heads: 2, headDimension: 2, text: packed(2), video: packed(128))
    let rows = [VideoIndex<FrameMajor>(3), VideoIndex(77)]
    let all = try device.profileHeads(
      projection, rows: rows, bands: BandPair(.density(1), layout: layout, blockSize: 64)
    ).errors
    #expect(all == [ProfilingError](repeating: ProfilingError(spatial: 0, temporal: 0), count: 2))
    let some = try device.profileHeads(
      projection, rows: rows, bands: BandPair(.density(0.1), layout: layout, blockSize: 64)
    ).errors
    #expect(some.allSatisfy { $0.spatial > 0 && $0.temporal > 0 })
  }
}

/// `eˣ` as the limit of its series, so that the test needs no mathematics library.
private func exponential(_ x: Float) -> Float {
  var (sum, term) = (1.0, 1.0)
  for index in 1..<60 {
    term *= Double(x) / Double(index)
    sum += term
  }
  return Float(sum)
}
