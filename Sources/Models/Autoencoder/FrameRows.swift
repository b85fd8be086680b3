// Rows of pixels that are neighbors in memory: the loops of everything that cuts, blends and joins frames. Each knows its
// bounds before it begins, so that it is compiled to vectors.

extension MutableSpan<Float> {
  /// Writes elements from a position on.
  mutating func copy(_ source: Span<Float>, to start: Int) {
    precondition(start >= 0 && start <= count - source.count, "rows lie inside of frames")
    for index in source.indices { self[start + index] = source[index] }
  }

  /// Fades from other elements to those from a position on: `source · (1 − weight) + self · weight`.
  mutating func fade(from source: Span<Float>, to start: Int, weight: Float) {
    precondition(start >= 0 && start <= count - source.count, "rows lie inside of frames")
    for index in source.indices {
      self[start + index] = source[index] * (1 - weight) + self[start + index] * weight
    }
  }

  /// The same with a weight for each element.
  mutating func fade(from source: Span<Float>, to start: Int, weights: Span<Float>) {
    precondition(
      weights.count == source.count && start >= 0 && start <= count - source.count, "rows lie inside of frames")
    for index in source.indices {
      self[start + index] = source[index] * (1 - weights[index]) + self[start + index] * weights[index]
    }
  }
}
