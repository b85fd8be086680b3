/// How near a video comes to a reference, measured on the decoded frames.
public struct VideoQuality: Hashable, Sendable, Codable {
  /// The peak signal-to-noise ratio of each frame against the same frame of the reference, in decibels; infinite where
  /// the two are identical.
  public let framePSNR: [Double]
  /// The structural similarity of each frame, at most 1, with the window ``SimilarityWindow/gaussian``.
  public let frameSSIM: [Double]
  /// The overall peak signal-to-noise ratio: that of the mean squared error over all frames, in decibels. Frames that
  /// differ most weigh most, so it never exceeds ``meanFramePSNR``.
  public let psnr: Double
  /// The mean of ``framePSNR``, which is what the literature mostly reports; infinite when any frame is identical.
  public let meanFramePSNR: Double
  /// The mean of ``frameSSIM``: the overall structural similarity.
  public let ssim: Double

  /// Measures a pair of videos.
  /// - Throws: ``QualityError`` with code `framesTooSmall` when a frame does not hold the window of the structural
  ///   similarity.
  /// - Complexity: As ``FramePair/structuralSimilarities(window:)``; the rest does not count.
  public init(of pair: FramePair) throws {
    let errors = pair.meanSquaredErrors()
    framePSNR = errors.map { peakSignalToNoiseRatio(meanSquaredError: $0) }
    frameSSIM = try pair.structuralSimilarities()
    // All frames have the same number of pixels, so the mean of their means is the mean over all pixels.
    psnr = peakSignalToNoiseRatio(meanSquaredError: errors.reduce(0, +) / Double(errors.count))
    meanFramePSNR = framePSNR.reduce(0, +) / Double(framePSNR.count)
    ssim = frameSSIM.reduce(0, +) / Double(frameSSIM.count)
  }
}
