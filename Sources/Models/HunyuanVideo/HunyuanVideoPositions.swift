import Foundation
import Tensor

/// How a HunyuanVideo transformer knows where a token is: a part of each head turns with time, one with the row and one
/// with the column, counted in tokens.
struct HunyuanVideoPositions: Sendable {
  /// Elements of a head for time, row and column.
  let dimensions: [Int]
  /// What the frequencies fall to, over the elements of an axis.
  let base: Double

  /// Cosines and sines `[tokens, D/2]` by which the video's queries and keys are rotated.
  func rotary(_ grid: TokenGrid) -> (cosine: Tensor, sine: Tensor) {
    let angles = zip(dimensions, [grid.frames, grid.height, grid.width]).map { dimension, count in
      let frequencies = stride(from: 0, to: dimension, by: 2).map {
        1 / pow(Float(base), Float($0) / Float(dimension))
      }
      return (0..<count).map { position in frequencies.map { Float(position) * $0 } }
    }
    func table(_ function: (Float) -> Float) -> Tensor {
      let axes = angles.map { axis in axis.map { $0.map(function) } }
      var values: [Float] = []
      values.reserveCapacity(grid.count * dimensions.reduce(0, +) / 2)
      for frame in axes[0] {
        for row in axes[1] {
          for column in axes[2] {
            values += frame
            values += row
            values += column
          }
        }
      }
      return Tensor(values, shape: [grid.count, values.count / grid.count])
    }
    return (table(cos), table(sin))
  }
}
