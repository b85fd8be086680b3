import Foundation
import Tensor

/// The attention biases by which a T5 encoder knows how far apart two tokens are.
///
/// A distance falls into one of `buckets` buckets: half of them for keys before the query and half for keys after it; of
/// each half the first half holds one distance each, the rest grow logarithmically up to `maximumDistance`.
/// - SeeAlso: Raffel et al., Section 2.1, <https://arxiv.org/abs/1910.10683>.
struct T5RelativePositions {
  let buckets: Int
  let maximumDistance: Int

  /// The bucket of a key that lies `offset` tokens after the query.
  func bucket(offset: Int) -> Int {
    let half = buckets / 2
    let exact = half / 2
    let distance = abs(offset)
    let base = offset > 0 ? half : 0
    if distance < exact { return base + distance }
    // Float throughout, as the reference computes it: a distance on the edge of a bucket must fall on the same side.
    let growth = log(Float(distance) / Float(exact)) / Float(log(Double(maximumDistance) / Double(exact)))
    return base + min(half - 1, exact + Int(growth * Float(half - exact)))
  }

  /// The biases `[H, n, n]`, float32, of a sequence of `count` tokens.
  /// - Parameter table: `[buckets, H]`, the bias of each bucket and head.
  func biases(count: Int, heads: Int, table: Tensor) -> Tensor {
    let values = table.floats()
    let byOffset = (1 - count..<count).map(bucket)
    let result = Tensor.host([heads, count, count], .float32)
    result.withMutableSpan(of: Float.self) { span in
      var index = 0
      for head in 0..<heads {
        for query in 0..<count {
          for key in 0..<count {
            span[index] = values[byOffset[key - query + count - 1] * heads + head]
            index += 1
          }
        }
      }
    }
    return result
  }
}
