import Quality
import Tensor
import TestSupport
import Testing

@Suite struct MetricsTests {
  /// The pictures of a golden pair as videos of one frame.
  func pair(_ golden: QualityGolden) throws -> FramePair {
    let goldens = try Goldens("quality")
    func frame(_ name: String) throws -> Tensor {
      let picture = try goldens.tensor(name)
      return picture.reshaped(Shape([1] + picture.shape.dimensions))
    }
    return try FramePair(reference: frame(golden.first), candidate: frame(golden.second))
  }

  @Test func `the goldens are there`() {
    #expect(QualityGolden.all.count == 7)
  }

  @Test(arguments: QualityGolden.all)
  func `the signal-to-noise ratio is that of scikit-image`(golden: QualityGolden) throws {
    let measured = peakSignalToNoiseRatio(meanSquaredError: try pair(golden).meanSquaredErrors()[0])
    guard let expected = golden.psnr else {
      #expect(measured == .infinity)
      return
    }
    #expect(abs(measured - expected) < 1e-6)
  }

  @Test(arguments: QualityGolden.all, SimilarityWindow.allCases)
  func `the structural similarity is that of scikit-image`(golden: QualityGolden, window: SimilarityWindow) throws {
    let expected = window == .gaussian ? golden.gaussian : golden.uniform
    let measured = try pair(golden).structuralSimilarities(window: window)
    #expect(measured.count == 1)
    #expect(abs(measured[0] - expected) < 1e-6, "\(measured[0]) instead of \(expected)")
  }

  @Test func `the overall ratio weighs all pixels alike and never exceeds the mean of the frames`() throws {
    let count = 16 * 16 * 3
    let reference = Tensor([Float](repeating: 0.5, count: 2 * count), shape: [2, 16, 16, 3])
    // Errors of 0.1 and 0.01: mean squared errors of 1e-2 and 1e-4, ratios of 20 and 40 dB.
    let candidate = Tensor(
      [Float](repeating: 0.6, count: count) + [Float](repeating: 0.51, count: count), shape: [2, 16, 16, 3])
    let quality = try VideoQuality(of: FramePair(reference: reference, candidate: candidate))
    #expect(abs(quality.framePSNR[0] - 20) < 1e-4 && abs(quality.framePSNR[1] - 40) < 1e-3)
    #expect(abs(quality.meanFramePSNR - 30) < 1e-3)
    #expect(abs(quality.psnr - peakSignalToNoiseRatio(meanSquaredError: 0.00505)) < 1e-4)
    #expect(abs(quality.ssim - (quality.frameSSIM[0] + quality.frameSSIM[1]) / 2) < 1e-12)
  }

  @Test func `frames are compared with the same frame of the other video`() throws {
    let goldens = try Goldens("quality")
    let (one, other) = (try goldens.tensor("even").floats(), try goldens.tensor("even_noisy").floats())
    let quality = try VideoQuality(
      of: FramePair(
        reference: Tensor(one + one, shape: [2, 64, 48, 3]), candidate: Tensor(one + other, shape: [2, 64, 48, 3])))
    let golden = try #require(QualityGolden.all.first { $0.second == "even_noisy" })
    #expect(quality.framePSNR[0] == .infinity && quality.meanFramePSNR == .infinity)
    #expect(abs(quality.framePSNR[1] - (try #require(golden.psnr))) < 1e-6)
    #expect(abs(quality.frameSSIM[0] - 1) < 1e-12)
    #expect(abs(quality.frameSSIM[1] - golden.gaussian) < 1e-6)
    // Half the frames are identical, so the mean squared error halves: 3.01 dB more.
    #expect(abs(quality.psnr - quality.framePSNR[1] - 3.0103) < 1e-4)
  }

  @Test func `what cannot be compared is refused with the reason`() throws {
    let frames = Tensor([Float](repeating: 0, count: 2 * 10 * 12 * 3), shape: [2, 10, 12, 3])
    #expect(code { _ = try FramePair(reference: frames, candidate: frames.slice(0..<1)) } == .differentExtents)
    #expect(
      code { _ = try FramePair(reference: frames, candidate: frames.reshaped([2, 12, 10, 3])) } == .differentExtents)
    #expect(code { _ = try FramePair(reference: frames, candidate: frames.reshaped([2, 360])) } == .notFrames)
    #expect(code { _ = try FramePair(reference: frames.converted(to: .float16), candidate: frames) } == .notFrames)
    #expect(code { _ = try FramePair(reference: frames.slice(0..<0), candidate: frames) } == .notFrames)
    let pair = try FramePair(reference: frames, candidate: frames)
    #expect(code { _ = try pair.structuralSimilarities() } == .framesTooSmall)
    #expect(try pair.structuralSimilarities(window: .uniform) == [1, 1])
  }

  /// The code of the error that `body` throws; `nil` when it throws none.
  func code(_ body: () throws -> Void) -> QualityError.Code? {
    do {
      try body()
      return nil
    } catch let error as QualityError {
      return error.message.isEmpty ? nil : error.code
    } catch { return nil }
  }
}
