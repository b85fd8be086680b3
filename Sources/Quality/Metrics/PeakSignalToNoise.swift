import Foundation

extension FramePair {
  /// The mean squared error of each frame, over all its pixels and channels, in frame order.
  /// - Complexity: O(`F·H·W`).
  public func meanSquaredErrors() -> [Double] {
    (0..<frameCount).map { frame in
      withFrame(frame) { first, second in
        var sum = 0.0
        for index in first.indices {
          let difference = Double(first[index]) - Double(second[index])
          sum += difference * difference
        }
        return sum / Double(first.count)
      }
    }
  }
}

/// The peak signal-to-noise ratio of a mean squared error, in decibels, for values that range over `[0, 1]`:
/// `10·log₁₀(1 / error)`.
///
/// Infinite when the error is zero, that is for identical pictures. Agrees with scikit-image's
/// `peak_signal_noise_ratio(data_range=1)`.
/// - Precondition: `error` is not negative.
public func peakSignalToNoiseRatio(meanSquaredError error: Double) -> Double {
  precondition(error >= 0 || error.isNaN, "a mean squared error is not negative: \(error)")
  return error == 0 ? .infinity : -10 * log10(error)
}
