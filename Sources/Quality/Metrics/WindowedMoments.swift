/// Weighted means of two pictures, of their squares and of their product, under a window that moves over the pixels.
///
/// The window is separable: each row is filtered along `x` once, and the last `extent` filtered rows are combined along
/// `y`. Only windows that lie wholly inside the picture are computed, so no rule for the edges is needed. Sums are
/// binary64, because the variances are small differences of these means.
struct WindowedMoments {
  /// The five means of one row of windows, pixels from left to right, three channels per pixel.
  struct Row {
    /// How many values each mean has: `(W − extent + 1)·3`.
    let count: Int
    /// The means of x, y, x², y², xy, one after the other.
    fileprivate(set) var values: [Double]

    /// The mean of the first picture.
    func meanX(_ index: Int) -> Double { values[index] }
    /// The mean of the second picture.
    func meanY(_ index: Int) -> Double { values[count + index] }
    /// The mean square of the first picture.
    func squareX(_ index: Int) -> Double { values[2 * count + index] }
    /// The mean square of the second picture.
    func squareY(_ index: Int) -> Double { values[3 * count + index] }
    /// The mean product of both.
    func product(_ index: Int) -> Double { values[4 * count + index] }
  }

  private static let channels = 3
  private let height: Int
  /// `W·3`: the length of a row of a picture.
  private let rowLength: Int
  private let weights: [Double]
  /// x, y, x², y², xy of one row of the pictures.
  private var terms: [Double]
  /// The last `extent` rows filtered along `x`, the row `y` at `y % extent`.
  private var filtered: [[Double]]
  private var row: Row

  /// Makes room for pictures of one size.
  /// - Precondition: The window fits into the picture.
  init(height: Int, width: Int, weights: [Double]) {
    precondition(height >= weights.count && width >= weights.count, "the window is larger than the picture")
    self.height = height
    self.weights = weights
    rowLength = width * Self.channels
    let count = (width - weights.count + 1) * Self.channels
    terms = [Double](repeating: 0, count: 5 * rowLength)
    filtered = [[Double]](repeating: [Double](repeating: 0, count: 5 * count), count: weights.count)
    row = Row(count: count, values: [Double](repeating: 0, count: 5 * count))
  }

  /// Calls `body` with each row of windows, from the top down.
  /// - Parameters:
  ///   - first: `[H, W, 3]`, row-major.
  ///   - second: The same extents.
  mutating func forEachRow(of first: Span<Float>, _ second: Span<Float>, _ body: (Row) -> Void) {
    for y in 0..<height {
      for index in 0..<rowLength {
        let one = Double(first[y * rowLength + index])
        let other = Double(second[y * rowLength + index])
        terms[index] = one
        terms[rowLength + index] = other
        terms[2 * rowLength + index] = one * one
        terms[3 * rowLength + index] = other * other
        terms[4 * rowLength + index] = one * other
      }
      filterAlongX(into: y % weights.count)
      if y >= weights.count - 1 {
        combineAlongY(endingAt: y)
        body(row)
      }
    }
  }

  private mutating func filterAlongX(into slot: Int) {
    for index in filtered[slot].indices { filtered[slot][index] = 0 }
    for term in 0..<5 {
      for (tap, weight) in weights.enumerated() {
        addScaled(
          terms, from: term * rowLength + tap * Self.channels, weight, to: &filtered[slot], at: term * row.count,
          count: row.count)
      }
    }
  }

  private mutating func combineAlongY(endingAt last: Int) {
    for index in row.values.indices { row.values[index] = 0 }
    for (tap, weight) in weights.enumerated() {
      let source = (last - weights.count + 1 + tap) % weights.count
      addScaled(filtered[source], from: 0, weight, to: &row.values, at: 0, count: row.values.count)
    }
  }
}

/// `sum[at + i] += weight · source[from + i]` for `count` elements.
///
/// On bare addresses after one check of the bounds: a check per element keeps the compiler from using vector registers,
/// and nine tenths of the time of the structural similarity is spent here.
private func addScaled(
  _ source: [Double], from: Int, _ weight: Double, to sum: inout [Double], at: Int, count: Int
) {
  precondition(from >= 0 && at >= 0 && from + count <= source.count && at + count <= sum.count)
  unsafe source.withUnsafeBufferPointer { source in
    unsafe sum.withUnsafeMutableBufferPointer { sum in
      guard let input = source.baseAddress, let output = sum.baseAddress else { return }
      let (first, second) = unsafe (input + from, output + at)
      for index in 0..<count { unsafe second[index] += weight * first[index] }
    }
  }
}
