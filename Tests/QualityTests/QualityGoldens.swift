import Foundation
import TestSupport
import Testing

/// What scikit-image computed for a pair of pictures of `Goldens/quality`.
struct QualityGolden: Decodable, Sendable, CustomTestStringConvertible {
  let first: String
  let second: String
  /// Decibels; absent where the pictures are identical and the ratio is infinite.
  let psnr: Double?
  /// The structural similarity with Gaussian weights.
  let gaussian: Double
  /// The structural similarity with scikit-image's defaults.
  let uniform: Double

  var testDescription: String { "\(first) against \(second)" }

  /// All pairs of the golden file.
  static let all: [QualityGolden] = {
    guard let text = try? Goldens("quality").metadata["cases"] else { return [] }
    return (try? JSONDecoder().decode([QualityGolden].self, from: Data(text.utf8))) ?? []
  }()
}
