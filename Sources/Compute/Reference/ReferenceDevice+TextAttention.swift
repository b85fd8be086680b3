import Tensor

extension ReferenceDevice {
  /// Softmax attention over a short sequence.
  public func attendText(
    query: Tensor, key: Tensor, value: Tensor, heads: Int, keyHeads: Int, scale: Float, bias: Tensor?, isCausal: Bool
  ) -> Tensor {
    measure(.other) {
      let rows = query.shape[0]
      let dimension = query.shape[1] / heads
      precondition(heads % keyHeads == 0 && key.shape == [rows, keyHeads * dimension] && value.shape == key.shape)
      let (queries, keys, values) = (referenceValues(query), referenceValues(key), referenceValues(value))
      let biases = bias.map(referenceValues)
      var result = [Float](repeating: 0, count: queries.count)
      for head in 0..<heads {
        let keyHead = head / (heads / keyHeads)
        for row in 0..<rows {
          let seen = isCausal ? row + 1 : rows
          let starts = (0..<seen).map { ($0 * keyHeads + keyHead) * dimension }
          let start = (row * heads + head) * dimension
          let scores = starts.enumerated().map { index, keyStart in
            dot(queries, start, keys, keyStart, dimension) * Double(scale)
              + Double(biases?[(head * rows + row) * rows + index] ?? 0)
          }
          let average = softmaxAverage(scores, of: values, starts: starts, dimension: dimension)
          for (index, element) in average.enumerated() { result[start + index] = Float(element) }
        }
      }
      return referenceTensor(result, query.shape)
    }
  }
}
