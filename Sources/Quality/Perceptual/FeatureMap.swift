/// What a layer of a convolutional network puts out for one picture: `[C, H, W]`, row-major.
struct FeatureMap {
  /// `C`.
  let channels: Int
  /// `H`.
  let height: Int
  /// `W`.
  let width: Int
  /// The elements.
  var values: [Float]

  /// A map of zeros.
  init(channels: Int, height: Int, width: Int) {
    self.channels = channels
    self.height = height
    self.width = width
    values = [Float](repeating: 0, count: channels * height * width)
  }

  /// The maximum over squares of `extent` pixels, `stride` apart; squares that leave the map are dropped.
  func maximumPooled(extent: Int, stride: Int) -> FeatureMap {
    let (rows, columns) = (max((height - extent) / stride + 1, 0), max((width - extent) / stride + 1, 0))
    var result = FeatureMap(channels: channels, height: rows, width: columns)
    for channel in 0..<channels {
      for y in 0..<rows {
        for x in 0..<columns {
          var largest = -Float.infinity
          for dy in 0..<extent {
            let start = (channel * height + y * stride + dy) * width + x * stride
            for dx in 0..<extent { largest = max(largest, values[start + dx]) }
          }
          result.values[(channel * rows + y) * columns + x] = largest
        }
      }
    }
    return result
  }
}
