import Files
import Foundation

/// Where a video goes, and in which format.
public struct VideoOutput: Sendable, Hashable {
  /// A kind of video file.
  public enum Format: String, Sendable, Hashable, Codable, CaseIterable {
    /// H.264 in MP4.
    case mp4
    /// Uncompressed, without loss.
    case y4m
  }

  /// The file to write.
  public let path: String
  /// Its format.
  public let format: Format

  /// Names an output; the extension of the name says which format it has.
  /// - Throws: ``MediaError`` with the code `unsupportedFormat` for any other extension.
  public init(path: String) throws {
    guard let format = Format(rawValue: (path as NSString).pathExtension.lowercased()) else {
      throw MediaError(
        .unsupportedFormat, "“\(path)” must be a name that ends in .mp4 or .y4m, which say how the video is written")
    }
    self.path = path
    self.format = format
  }

  /// Finds out before the work begins whether the video can be written at its end.
  /// - Throws: `FileError` when the folder does not exist or cannot be written, or when the path is a folder;
  ///   ``MediaError`` when the format needs an ffmpeg that is not there.
  public func check() async throws {
    try AtomicFile.check(path)
    if format == .mp4 { _ = try await FFmpeg.find() }
  }

  /// Writes a video; a file that has the name is replaced, once the new one is complete.
  /// - Parameter metadata: What the file says about itself; Y4M has no place for it.
  /// - Throws: `FileError`, ``MediaError``, or `CancellationError` when the task is canceled; no partial file is left behind.
  public func write(_ frames: VideoFrames, metadata: VideoMetadata?) async throws {
    switch format {
    case .mp4: try await MP4Writer(FFmpeg.find()).write(frames, metadata: metadata, to: path)
    case .y4m: try Y4MWriter().write(frames, to: path)
    }
  }
}
