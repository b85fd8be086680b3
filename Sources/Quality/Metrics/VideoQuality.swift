/// How near a video comes to a reference, measured on the decoded frames.
public struct VideoQuality: Hashable, Sendable, Codable {
  /// The peak signal-to-noise ratio of each frame against the same frame of the reference, in decibels; infinite where
  /// the two are identical.
  public let framePSNR: [Double]
  /// The structural similarity of each frame, at most 1, with the window ``SimilarityWindow/gaussian``.
  public let frameSSIM: [Double]
  /// The learned perceptual distance (LPIPS) of each frame, 0 for identical frames; `nil` where no weights were given.
  public let frameLPIPS: [Double]?
  /// The overall peak signal-to-noise ratio: that of the mean squared error over all frames, in decibels. Frames that
  /// differ most weigh most, so it never exceeds ``meanFramePSNR``.
  public let psnr: Double
  /// The mean of ``framePSNR``, which is what the literature mostly reports; infinite when any frame is identical.
  public let meanFramePSNR: Double
  /// The mean of ``frameSSIM``: the overall structural similarity.
  public let ssim: Double
  /// The mean of ``frameLPIPS``.
  public let lpips: Double?

  /// Measures a pair of videos.
  /// - Parameters:
  ///   - pair: The videos.
  ///   - perceptual: The network of the perceptual distance, or `nil` to go without it.
  /// - Throws: ``QualityError`` with code `framesTooSmall` when a frame does not hold the window of the structural
  ///   similarity or is too small for the network.
  /// - Complexity: As ``FramePair/structuralSimilarities(window:)``; with `perceptual`, as
  ///   ``PerceptualSimilarity/distances(of:)``.
  public init(of pair: FramePair, perceptual: PerceptualSimilarity? = nil) throws {
    let errors = pair.meanSquaredErrors()
    framePSNR = errors.map { peakSignalToNoiseRatio(meanSquaredError: $0) }
    frameSSIM = try pair.structuralSimilarities()
    // All frames have the same number of pixels, so the mean of their means is the mean over all pixels.
    psnr = peakSignalToNoiseRatio(meanSquaredError: errors.reduce(0, +) / Double(errors.count))
    meanFramePSNR = framePSNR.reduce(0, +) / Double(framePSNR.count)
    ssim = frameSSIM.reduce(0, +) / Double(frameSSIM.count)
    frameLPIPS = try perceptual?.distances(of: pair)
    lpips = frameLPIPS.map { $0.reduce(0, +) / Double($0.count) }
  }
}
