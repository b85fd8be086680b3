import Foundation

/// How the neighbors of a pixel count in the structural similarity (SSIM).
public enum SimilarityWindow: String, Hashable, Sendable, Codable, CaseIterable {
  /// 11×11 pixels weighted by a Gaussian with a standard deviation of 1.5 pixels, covariances divided by the weights'
  /// sum: the definition of Wang et al. 2004 and the one that every report here means.
  ///
  /// scikit-image: `gaussian_weights=True, sigma=1.5, use_sample_covariance=False`.
  case gaussian
  /// 7×7 pixels with equal weights and sample covariances (divided by 48): the defaults of scikit-image, for
  /// comparison with numbers measured elsewhere.
  case uniform

  /// The weights along one axis; they add up to 1. The window is their outer product.
  var weights: [Double] {
    switch self {
    case .gaussian:
      // Cut off after 3.5 standard deviations, 5.25 pixels.
      let raw = (-5...5).map { exp(-Double($0 * $0) / (2 * 1.5 * 1.5)) }
      let sum = raw.reduce(0, +)
      return raw.map { $0 / sum }
    case .uniform: return [Double](repeating: 1 / 7, count: 7)
    }
  }

  /// What variances and covariances are multiplied by.
  var covarianceFactor: Double { self == .gaussian ? 1 : 49 / 48 }

  /// The width and height of the window in pixels.
  public var extent: Int { self == .gaussian ? 11 : 7 }
}

extension FramePair {
  /// The structural similarity of each frame, in frame order; 1 for identical frames.
  ///
  /// Per pixel and channel, with means `μ`, variances `σ²` and the covariance `σxy` under the window,
  /// `(2μxμy + C1)(2σxy + C2) / ((μx² + μy² + C1)(σx² + σy² + C2))` with `C1 = 0.01²`, `C2 = 0.03²`; averaged over all
  /// pixels whose window lies inside the frame, and over the three channels. Agrees with scikit-image's
  /// `structural_similarity(channel_axis=-1, data_range=1)` to 1e-6.
  /// - Throws: ``QualityError`` with code `framesTooSmall` when a frame does not hold the window.
  /// - Complexity: O(`F·H·W·extent`), on one thread; 49 frames of 256×256 take about a second. Memory: five rows of binary64
  ///   per row of the window.
  /// - SeeAlso: Z. Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity", 2004.
  public func structuralSimilarities(window: SimilarityWindow = .gaussian) throws -> [Double] {
    guard min(height, width) >= window.extent else {
      throw QualityError(
        .framesTooSmall,
        "frames of \(width)×\(height) pixels are smaller than the \(window.extent)×\(window.extent) window of the "
          + "structural similarity")
    }
    var moments = WindowedMoments(height: height, width: width, weights: window.weights)
    return (0..<frameCount).map { frame in
      withFrame(frame) { first, second in
        var sum = 0.0
        moments.forEachRow(of: first, second) { sum += similaritySum($0, factor: window.covarianceFactor) }
        return sum / Double((height - window.extent + 1) * (width - window.extent + 1) * 3)
      }
    }
  }
}

/// The similarities of one row of pixels and channels, added up.
private func similaritySum(_ row: WindowedMoments.Row, factor: Double) -> Double {
  let (stabilizer1, stabilizer2) = (0.01 * 0.01, 0.03 * 0.03)
  var sum = 0.0
  for index in 0..<row.count {
    let (meanX, meanY) = (row.meanX(index), row.meanY(index))
    let varianceX = factor * (row.squareX(index) - meanX * meanX)
    let varianceY = factor * (row.squareY(index) - meanY * meanY)
    let covariance = factor * (row.product(index) - meanX * meanY)
    let numerator = (2 * meanX * meanY + stabilizer1) * (2 * covariance + stabilizer2)
    let denominator = (meanX * meanX + meanY * meanY + stabilizer1) * (varianceX + varianceY + stabilizer2)
    sum += numerator / denominator
  }
  return sum
}
