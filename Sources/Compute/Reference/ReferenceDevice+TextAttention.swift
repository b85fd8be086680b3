import Tensor

extension ReferenceDevice {
  /// Softmax attention over short sequences.
  public func attendText(
    query: Tensor, key: Tensor, value: Tensor, heads: Int, keyHeads: Int, scale: Float, bias: Tensor?, isCausal: Bool
  ) -> Tensor {
    measure(.other) {
      let (rows, keyCount) = (query.shape[0], key.shape[0])
      let dimension = query.shape[1] / heads
      precondition(heads % keyHeads == 0 && key.shape == [keyCount, keyHeads * dimension] && value.shape == key.shape)
      precondition(!isCausal || rows == keyCount, "causal attention has a key for each query")
      let (queries, keys, values) = (referenceValues(query), referenceValues(key), referenceValues(value))
      let biases = bias.map(referenceValues)
      var result = [Float](repeating: 0, count: queries.count)
      for head in 0..<heads {
        let keyHead = head / (heads / keyHeads)
        for row in 0..<rows {
          let seen = isCausal ? row + 1 : keyCount
          let starts = (0..<seen).map { ($0 * keyHeads + keyHead) * dimension }
          let start = (row * heads + head) * dimension
          let scores = starts.enumerated().map { index, keyStart in
            dot(queries, start, keys, keyStart, dimension) * Double(scale)
              + Double(biases?[(head * rows + row) * keyCount + index] ?? 0)
          }
          let average = softmaxAverage(scores, of: values, starts: starts, dimension: dimension)
          for (index, element) in average.enumerated() { result[start + index] = Float(element) }
        }
      }
      return referenceTensor(result, query.shape)
    }
  }
}
