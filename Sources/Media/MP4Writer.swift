import Files

/// Writes H.264 in MP4 (`.mp4`) through ffmpeg.
///
/// The video is `yuv420p`, BT.709 and limited range, as every player expects, and says so; `crf 17` is visually
/// lossless. The index comes first, so that a browser can start before the whole file is there. No time of creation and
/// no library version go into the file: the same frames and metadata make the same bytes.
public struct MP4Writer: Sendable {
  private let ffmpeg: FFmpeg

  /// Creates a writer.
  public init(_ ffmpeg: FFmpeg) {
    self.ffmpeg = ffmpeg
  }

  /// Writes a video.
  /// - Parameter metadata: Written as the standard tags for title and comment, if any.
  /// - Throws: ``MediaError`` when ffmpeg fails or the file cannot be written, `CancellationError` when the task is
  ///   canceled; no file is left behind then.
  /// - Precondition: Width and height are even.
  public func write(_ frames: VideoFrames, metadata: VideoMetadata?, to path: String) async throws {
    precondition(
      frames.width % 2 == 0 && frames.height % 2 == 0, "yuv420p has no odd sizes: \(frames.width)×\(frames.height)")
    var video = try AtomicFile(path)
    var tags = try AtomicFile(path)
    if let metadata { try tags.write(Array(metadata.ffmetadata.utf8)) }
    try await ffmpeg.encode(
      frames, arguments: Self.arguments(frames, tagsPath: metadata == nil ? nil : tags.openPath, path: video.openPath))
    try video.commit()
  }

  /// The command line.
  static func arguments(_ frames: VideoFrames, tagsPath: String?, path: String) -> [String] {
    var arguments = ["-hide_banner", "-loglevel", "error", "-y"]
    arguments += ["-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", "\(frames.width)x\(frames.height)"]
    arguments += ["-framerate", "\(frames.framesPerSecond)", "-i", "pipe:0"]
    if let tagsPath { arguments += ["-f", "ffmetadata", "-i", "file:\(tagsPath)"] }
    arguments += ["-map", "0:v", "-map_metadata", tagsPath == nil ? "-1" : "1"]
    arguments += [
      "-vf", "scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int,format=yuv420p",
    ]
    arguments += ["-c:v", "libx264", "-preset", "medium", "-crf", "17"]
    arguments += ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"]
    arguments += ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-movflags", "+faststart"]
    return arguments + ["-f", "mp4", "file:\(path)"]
  }
}
