import Checkpoint
import Foundation
import SparseVideoGen
import Testing

/// The folder that `Tools/lpips` filled; `nil` where nobody did.
private let publishedWeights = ProcessInfo.processInfo.environment["SVGEN_LPIPS"]

/// The perceptual distance with published weights against the Python package `lpips`.
///
/// The weights are none of this package's and too big to be part of it: `Tools/lpips` makes the files, and `SVGEN_LPIPS`
/// names their folder.
@Suite(.enabled(if: publishedWeights != nil, "needs the files of Tools/lpips/cases.py: SVGEN_LPIPS=FOLDER"))
struct PublishedLPIPSTests {
  private struct Case: Decodable {
    let second: String
    let distance: Double
  }

  @Test(arguments: ["alex", "vgg"])
  func `distances are those of the package`(network: String) throws {
    let folder = try #require(publishedWeights)
    let similarity = try PerceptualSimilarity(path: "\(folder)/\(network).safetensors")
    let file = try SafetensorsFile(URL(filePath: "\(folder)/\(network)-cases.safetensors"))
    func frame(_ name: String) throws -> Tensor {
      let picture = try file.tensor(named: name)
      return picture.reshaped(Shape([1] + picture.shape.dimensions))
    }
    let cases = try JSONDecoder().decode([Case].self, from: Data(#require(file.header.metadata["cases"]).utf8))
    #expect(cases.count == 2)
    for one in cases {
      let pair = try FramePair(reference: frame("smooth"), candidate: frame(one.second))
      let distance = try similarity.distances(of: pair)[0]
      let error = abs(distance - one.distance) / one.distance
      print("\(network) \(one.second): \(distance), relative error \(error)")
      // Features are binary32 and hundreds of channels wide; small distances are differences of nearly the same ones.
      #expect(error <= 1e-5, "\(one.second): \(distance) instead of \(one.distance)")
    }
  }
}
