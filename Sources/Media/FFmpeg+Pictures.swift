import Files
import Foundation

extension FFmpeg {
  /// A format of single pictures.
  public enum PictureFormat: String, Sendable {
    /// Lossless.
    case png
    /// Of the highest quality that ffmpeg makes.
    case jpeg

    fileprivate var arguments: [String] {
      switch self {
      case .png: ["-c:v", "png"]
      case .jpeg: ["-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj444p"]
      }
    }
  }

  /// Encodes each frame as a picture of its own.
  /// - Returns: The files, in frame order.
  /// - Throws: ``MediaError`` when ffmpeg fails or the folder for temporary files cannot be written, `CancellationError`
  ///   when the task is canceled.
  public func pictures(of frames: VideoFrames, as format: PictureFormat) async throws -> [Data] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "svgen-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw FileError(
        .unwritable, "\(folder.path): a folder for the pictures of a report cannot be made", cause: error)
    }
    var arguments = ["-hide_banner", "-loglevel", "error", "-y"]
    arguments += ["-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", "\(frames.width)x\(frames.height)"]
    arguments += ["-framerate", "\(frames.framesPerSecond)", "-i", "pipe:0"] + format.arguments
    try await encode(frames, arguments: arguments + ["-f", "image2", folder.appending(path: "%06d").path])
    do {
      return try (1...frames.count).map { try Data(contentsOf: folder.appending(path: String(format: "%06d", $0))) }
    } catch {
      throw MediaError(.encoderFailed, "\(path) did not make a picture of each frame", cause: error)
    }
  }
}
