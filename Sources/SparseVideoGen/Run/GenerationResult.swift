import Attention
import Compute
import Foundation
import Media
import Models
import Tensor

/// A video, and how it came about.
public struct GenerationResult: Sendable {
  /// `[F, height, width, 3]`, float32, in the processor's memory, RGB from 0 to 1.
  public let frames: Tensor
  /// `[1, F', C, h, w]`, float32, as the decoder took them.
  public let latents: Tensor
  /// How the video was made.
  public let record: GenerationRecord
  /// What attention computed; empty when only decoding ran.
  public let attention: AttentionSummary
  /// What each call of attention decided; empty unless the request asks for it.
  public let traces: [HeadTrace]
  /// How long each phase took.
  public let times: PhaseTimes
  /// The most of the device's memory that has been held so far, in bytes: of the processor, what was resident of this process,
  /// `nil` where the system does not say; of a GPU, what the driver had given out, its context aside.
  public let peakMemory: Int?

  /// Writes the video; the extension of `path`, `.mp4` or `.y4m`, says how.
  /// - Parameter includesMetadata: Whether an MP4 file says how it was made.
  /// - Throws: `FileError` or `MediaError` when it cannot be written, `CancellationError` when the task is canceled; no partial file is
  ///   left behind.
  public func write(to path: String, includesMetadata: Bool = true) async throws {
    let video = try VideoFrames(frames, framesPerSecond: record.framesPerSecond)
    let metadata = try includesMetadata ? VideoMetadata(title: record.prompt, comment: record.json()) : nil
    try await VideoOutput(path: path).write(video, metadata: metadata)
  }
}

/// How long each phase took, in seconds.
public struct PhaseTimes: Sendable, Hashable, Codable {
  /// Loading networks.
  public var loading = 0.0
  /// Encoding prompts.
  public var encoding = 0.0
  /// Denoising.
  public var denoising = 0.0
  /// Decoding.
  public var decoding = 0.0
  /// Where the time of denoising went.
  public var denoisingOperations = OperationTimes()

  /// All phases together.
  public var total: Double { loading + encoding + denoising + decoding }
}

extension GenerationRecord {
  /// The record as JSON on one line, keys sorted.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
