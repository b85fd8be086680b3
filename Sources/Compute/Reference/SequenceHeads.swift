import Attention
import Tensor

/// Normalized and rotated heads in sequence order: what every head looks like before placement.
struct SequenceHeads {
  /// `[H, S, D]`.
  private(set) var queries: [Float]
  /// `[H, S, D]`.
  private(set) var keys: [Float]
  /// `[H, S, D]`.
  private(set) var values: [Float]

  init(_ projection: AttentionProjection) {
    let layout = projection.layout
    let (heads, dimension) = (projection.heads, projection.headDimension)
    let count = heads * layout.sequenceLength * dimension
    queries = [Float](repeating: 0, count: count)
    keys = queries
    values = queries
    for (segment, range) in [(projection.text, layout.textRange), (projection.video, layout.videoRange)] {
      guard let segment else { continue }
      let packed = referenceValues(segment.packed)
      let rotation = segment.rotary.map { (referenceValues($0.cosine), referenceValues($0.sine)) }
      let queryNorm = segment.queryNormalization.map(HeadNorm.init)
      let keyNorm = segment.keyNormalization.map(HeadNorm.init)
      for row in 0..<range.count {
        for head in 0..<heads {
          let target = (head * layout.sequenceLength + range.lowerBound + row) * dimension
          func part(_ index: Int) -> ArraySlice<Float> {
            let start = ((row * 3 + index) * heads + head) * dimension
            return packed[start..<start + dimension]
          }
          queries.replaceSubrange(
            target..<target + dimension, with: Self.rotated(queryNorm?(part(0)) ?? part(0), row, rotation))
          keys.replaceSubrange(
            target..<target + dimension, with: Self.rotated(keyNorm?(part(1)) ?? part(1), row, rotation))
          values.replaceSubrange(target..<target + dimension, with: part(2))
        }
      }
    }
  }

  private static func rotated(
    _ vector: ArraySlice<Float>, _ row: Int, _ rotation: (cosine: [Float], sine: [Float])?
  ) -> ArraySlice<Float> {
    guard let rotation else { return vector }
    var result = vector
    let half = vector.count / 2
    for pair in 0..<half {
      let first = vector.startIndex + 2 * pair
      let (x, y) = (Double(vector[first]), Double(vector[first + 1]))
      let cosine = Double(rotation.cosine[row * half + pair])
      let sine = Double(rotation.sine[row * half + pair])
      result[first] = Float(x * cosine - y * sine)
      result[first + 1] = Float(y * cosine + x * sine)
    }
    return result
  }
}

/// A normalization of head vectors as float32 arrays.
private struct HeadNorm {
  let normalization: HeadNormalization
  let weight: [Float]?
  let bias: [Float]?

  init(_ normalization: HeadNormalization) {
    self.normalization = normalization
    weight = normalization.weight.map(referenceValues)
    bias = normalization.bias.map(referenceValues)
  }

  func callAsFunction(_ vector: ArraySlice<Float>) -> ArraySlice<Float> {
    let normalized = normalizedRow(
      vector, centered: normalization.kind == .layer, epsilon: normalization.epsilon)
    return normalized.enumerated().map { index, value in
      Float(value * Double(weight?[index] ?? 1) + Double(bias?[index] ?? 0))
    }[...]
  }
}
