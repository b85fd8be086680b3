import Media
import Quality

extension ComparisonPictures {
  /// Pixels of both videos up to which pictures are lossless: 49 frames of 480×720 twice are 34 million, and their page
  /// would be some 50 MB.
  private static let losslessPixels = 16_000_000

  /// Encodes both videos of a comparison through ffmpeg, one after the other, and measures how long that takes.
  /// - Throws: `MediaError` when there is no ffmpeg or it fails.
  public init(_ comparison: Comparison) async throws {
    let rate = comparison.dense.record.framesPerSecond
    let shape = comparison.dense.frames.shape
    let isLossless = 2 * shape[0] * shape[1] * shape[2] <= Self.losslessPixels
    let ffmpeg = try await FFmpeg.find()
    func encode(_ result: GenerationResult) async throws -> EncodedPictures {
      let start = ContinuousClock.now
      let frames = try VideoFrames(result.frames, framesPerSecond: rate)
      let files = try await ffmpeg.pictures(of: frames, as: isLossless ? .png : .jpeg)
      return EncodedPictures(
        format: isLossless ? .png : .jpeg, frames: files, seconds: (ContinuousClock.now - start) / .seconds(1))
    }
    self.init(
      dense: try await encode(comparison.dense), sparse: try await encode(comparison.sparse),
      framesPerSecond: Double(rate))
  }
}
