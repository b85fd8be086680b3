import Foundation
import Tensor
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

/// A perceptual distance of `Goldens/perceptual`.
struct PerceptualGolden: Decodable, Sendable, CustomTestStringConvertible {
  let network: String
  /// The picture that is compared with `picture`.
  let second: String
  let distance: Double

  var testDescription: String { "\(second) by \(network)" }

  /// All distances of the golden file.
  static let all: [PerceptualGolden] = {
    guard let text = try? Goldens("perceptual").metadata["cases"] else { return [] }
    return (try? JSONDecoder().decode([PerceptualGolden].self, from: Data(text.utf8))) ?? []
  }()

  /// The weights of a network under the names that a user's file has.
  static func weights(_ network: String) throws -> [String: Tensor] {
    let goldens = try Goldens("perceptual")
    let names = goldens.names.filter { $0.hasPrefix("\(network)/") }
    return try Dictionary(
      uniqueKeysWithValues: names.map { (String($0.dropFirst(network.count + 1)), try goldens.tensor($0)) })
  }

  /// A picture as a video of one frame.
  static func frame(_ name: String) throws -> Tensor {
    let picture = try Goldens("perceptual").tensor(name)
    return picture.reshaped(Shape([1] + picture.shape.dimensions))
  }
}
