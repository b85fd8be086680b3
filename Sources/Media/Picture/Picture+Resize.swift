import Foundation

extension Picture {
  /// The picture in another size, by Lanczos' window of three lobes; shrinking averages over what becomes one pixel.
  ///
  /// What `resize` with `LANCZOS` makes in Pillow 13, bit for bit: two passes, weights of 22 bits, and 8 bits in between.
  /// The order of the passes shows by a few of 255, next to what was clipped in between: the rows come first where more
  /// than twice as many of them go as columns. (Pillow up to 12 has the columns first always.) The aspect ratio may change;
  /// nothing is cropped.
  /// - SeeAlso: Duchon, "Lanczos Filtering in One and Two Dimensions", J. Appl. Meteor. 18 (1979).
  public func resized(width newWidth: Int, height newHeight: Int) -> Picture {
    precondition(newWidth > 0 && newHeight > 0, "a picture of \(newWidth)×\(newHeight) is empty")
    return height - newHeight > max(0, 2 * (width - newWidth))
      ? withRows(newHeight).withColumns(newWidth) : withColumns(newWidth).withRows(newHeight)
  }

  private func withColumns(_ count: Int) -> Picture {
    guard count != width else { return self }
    let window = ResizeWindow(from: width, to: count)
    return Picture(
      width: count, height: height, pixels: window.apply(pixels, lines: height, lineStride: 3 * width, step: 3))
  }

  private func withRows(_ count: Int) -> Picture {
    guard count != height else { return self }
    let window = ResizeWindow(from: height, to: count)
    let columns = window.apply(pixels, lines: width, lineStride: 3, step: 3 * width)
    // The window leaves column after column.
    var result = columns
    for column in 0..<width {
      for row in 0..<count {
        for color in 0..<3 { result[3 * (row * width + column) + color] = columns[3 * (column * count + row) + color] }
      }
    }
    return Picture(width: width, height: count, pixels: result)
  }
}

/// For each pixel of a resized line the pixels it is made of, and their weights.
private struct ResizeWindow {
  private static let bits = 22

  /// The first pixel, and the weights in units of `2^-22`.
  let taps: [(first: Int, weights: [Int])]

  init(from old: Int, to new: Int) {
    let scale = Double(old) / Double(new)
    let stretch = max(scale, 1)
    let support = 3 * stretch
    taps = (0..<new).map { index in
      let center = (Double(index) + 0.5) * scale
      let first = max(0, Int(center - support + 0.5))
      let last = min(old, Int(center + support + 0.5))
      let weights = (first..<last).map { Self.lanczos((Double($0) - center + 0.5) / stretch) }
      let sum = weights.reduce(0, +)
      return (first, weights.map { Int(($0 / sum * Double(1 << Self.bits)).rounded(.toNearestOrAwayFromZero)) })
    }
  }

  private static func lanczos(_ x: Double) -> Double {
    guard x >= -3 && x < 3 else { return 0 }
    func sinc(_ x: Double) -> Double { x == 0 ? 1 : sin(x * .pi) / (x * .pi) }
    return sinc(x) * sinc(x / 3)
  }

  /// Resizes lines of RGB pixels.
  /// - Parameters:
  ///   - lineStride: Bytes from one line to the next.
  ///   - step: Bytes from one pixel of a line to the next.
  /// - Returns: The lines one after the other.
  func apply(_ pixels: [UInt8], lines: Int, lineStride: Int, step: Int) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(lines * taps.count * 3)
    for line in 0..<lines {
      for (first, weights) in taps {
        for color in 0..<3 {
          var sum = 1 << (Self.bits - 1)
          var place = line * lineStride + first * step + color
          for weight in weights {
            sum += weight * Int(pixels[place])
            place += step
          }
          result.append(UInt8(min(max(sum >> Self.bits, 0), 255)))
        }
      }
    }
    return result
  }
}
