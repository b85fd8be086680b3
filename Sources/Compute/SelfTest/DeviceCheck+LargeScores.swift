import Attention
import Tensor

extension DeviceCheck {
  /// Scores far from zero, of which the exponentials fit no floating-point number: what no norm has tamed.
  static func largeScores(dimension: Int, in numbers: AttentionNumbers = .activations) -> DeviceCheck {
    let layout = TokenLayout(frames: 5, tokensPerFrame: 100, textTokens: 20)
    let operation = numbers == .float8 ? "attendBlocks in fp8, large scores" : "attendBlocks, large scores"
    return DeviceCheck(operation, "\(layout), D = \(dimension)") { bench in
      // Keys have one of four heights that grow along the video; a third of the queries look for the highest keys, a
      // third for the lowest, a third for all. The heights are 128 apart in scores, so that keys of another height count
      // for nothing and those of the same height, whose numbers are rounded alike, are averaged.
      let step = 2 * Float(dimension).squareRoot()
      let heads = PlainHeads(layout, dimension: dimension) { element in
        switch element.part {
        case 0 where element.index == 0: [64, 0, -64][element.token % 3]
        case 1 where element.index == 0: step * Float(1 + element.token / 125)
        case 2: element.noise
        default: 0
        }
      }
      return try heads.attend(in: numbers, bench) { result, wanted in
        guard numbers == .float8 else {
          return try bench.compare(result, wanted, relative: bench.unit, absolute: bench.isCoarse ? 4e-3 : 2e-6)
        }
        let vectors = result.shape.count / dimension
        return try bench.compareNorms(result, wanted, vectors: vectors, relative: 0.07)
      }
    }
  }
}
