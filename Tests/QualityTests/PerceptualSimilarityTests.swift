import Quality
import Tensor
import Testing

@Suite struct PerceptualSimilarityTests {
  @Test func `the goldens are there`() {
    #expect(PerceptualGolden.all.count == 6)
  }

  @Test(arguments: PerceptualGolden.all)
  func `the distance is that of the definition in double precision`(golden: PerceptualGolden) throws {
    let similarity = try PerceptualSimilarity(weights: PerceptualGolden.weights(golden.network))
    #expect(similarity.backbone.rawValue == golden.network)
    let pair = try FramePair(
      reference: PerceptualGolden.frame("picture"), candidate: PerceptualGolden.frame(golden.second))
    let distance = try similarity.distances(of: pair)[0]
    // Features are binary32: some 1e-6 of the distance after at most thirteen convolutions.
    #expect(abs(distance - golden.distance) <= 1e-5 * golden.distance, "\(distance) instead of \(golden.distance)")
  }

  @Test func `distances join the other figures of a video and its texts`() throws {
    let similarity = try PerceptualSimilarity(weights: PerceptualGolden.weights("alexNet"))
    let (picture, noisy) = (try PerceptualGolden.frame("picture"), try PerceptualGolden.frame("noisy"))
    let shape: Shape = [2, 64, 83, 3]
    let quality = try VideoQuality(
      of: FramePair(
        reference: Tensor(picture.floats() + picture.floats(), shape: shape),
        candidate: Tensor(picture.floats() + noisy.floats(), shape: shape)),
      perceptual: similarity)
    let frames = try #require(quality.frameLPIPS)
    #expect(frames[0] == 0 && frames[1] > 0.3)
    #expect(quality.lpips == frames[1] / 2)
    var report = try SampleReport.report()
    #expect(!report.text().contains("LPIPS"))
    report.quality = quality
    #expect(report.text().contains("\nLPIPS     0.1753"))
    #expect(try ComparisonReport(json: report.json()) == report)
  }

  @Test func `weights that do not fit are refused by name`() throws {
    var weights = try PerceptualGolden.weights("vgg16")
    weights["net.slice3.12.bias"] = nil
    let missing = #expect(throws: QualityError.self) { try PerceptualSimilarity(weights: weights) }
    #expect(missing?.code == .unusableWeights && missing?.message.contains("net.slice3.12.bias is missing") == true)
    weights["net.slice3.12.bias"] = Tensor([Float](repeating: 0, count: 7), shape: [7])
    let wrong = #expect(throws: QualityError.self) { try PerceptualSimilarity(weights: weights) }
    #expect(wrong?.message.contains("float32 [7], but floating-point [5] is needed") == true)
    #expect(throws: QualityError.self) { try PerceptualSimilarity(weights: [:]) }
  }

  @Test func `frames of which nothing is left are refused`() throws {
    let similarity = try PerceptualSimilarity(weights: PerceptualGolden.weights("alexNet"))
    let frames = Tensor([Float](repeating: 0, count: 20 * 20 * 3), shape: [1, 20, 20, 3])
    let error = #expect(throws: QualityError.self) {
      try similarity.distances(of: FramePair(reference: frames, candidate: frames))
    }
    #expect(error?.code == .framesTooSmall)
  }
}
