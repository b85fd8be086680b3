import Files
import Foundation
import Subprocess

#if canImport(System)
  import System
#else
  import SystemPackage
#endif

/// The ffmpeg that is installed: how MP4 files are made.
public struct FFmpeg: Sendable {
  /// Where it was found.
  public let path: String

  /// Finds ffmpeg in the folders of `PATH`.
  /// - Throws: ``MediaError`` with the code `noEncoder` when there is none, or when it cannot encode H.264.
  public static func find() async throws -> FFmpeg {
    let remedy = "\(installation), or write lossless .y4m, which needs nothing"
    let ffmpeg = try await locate("makes MP4 files", remedy: remedy)
    guard try await ffmpeg.output(["-hide_banner", "-h", "encoder=libx264"]).contains("Encoder libx264") else {
      throw MediaError(.noEncoder, "\(ffmpeg.path) has no H.264 encoder (libx264): \(remedy)")
    }
    return ffmpeg
  }

  /// Finds ffmpeg to read pictures.
  /// - Throws: ``MediaError`` with the code `noEncoder` when there is none.
  static func findDecoder() async throws -> FFmpeg {
    try await locate("reads pictures", remedy: installation)
  }

  private static let installation = "install it (Debian and Ubuntu: apt-get install ffmpeg)"

  private static func locate(_ purpose: String, remedy: String) async throws -> FFmpeg {
    do {
      return FFmpeg(path: try await Executable.name("ffmpeg").resolveExecutablePath(in: .inherit).string)
    } catch {
      throw MediaError(.noEncoder, "ffmpeg, which \(purpose), is not in PATH: \(remedy)", cause: error)
    }
  }

  /// For example `5.1.9-0+deb12u1`.
  public func version() async throws -> String {
    let words = try await output(["-version"]).split(separator: " ", maxSplits: 3)
    return words.count > 2 ? String(words[2]) : "unknown"
  }

  /// What ffmpeg prints.
  private func output(_ arguments: [String]) async throws -> String {
    do {
      let result = try await run(
        .path(.init(path)), arguments: Arguments(arguments), output: .string(limit: 1 << 20), error: .discarded)
      // What a process that was ended says is not all that it has to say.
      try Task.checkCancellation()
      return result.standardOutput
    } catch let error as SubprocessError {
      throw MediaError(.noEncoder, "\(path) cannot be run: \(error)", cause: error)
    }
  }

  /// Feeds frames to ffmpeg.
  ///
  /// ffmpeg runs in a process group of its own: an interrupt from the keyboard reaches this process only, which then
  /// ends ffmpeg by canceling the task.
  /// - Throws: ``MediaError`` with the code `encoderFailed` and the last lines that ffmpeg wrote, or `CancellationError`.
  func encode(_ frames: VideoFrames, arguments: [String]) async throws {
    BrokenPipes.ignore
    var options = PlatformOptions()
    options.processGroupID = 0
    let result: ExecutionResult<Void, DiscardedOutput, StringOutput<UTF8>>
    do {
      result = try await run(
        .path(.init(path)), arguments: Arguments(arguments), platformOptions: options, input: .inputWriter,
        output: .discarded, error: .string(limit: 1 << 20)
      ) { execution in
        // A write fails when ffmpeg has given up; its exit status and its last words then say why.
        do {
          for index in 0..<frames.count {
            try Task.checkCancellation()
            _ = try await execution.standardInputWriter.write(Array(frames.frame(index)))
          }
        } catch is SubprocessError {}
        try await execution.standardInputWriter.finish()
      }
    } catch let error as SubprocessError {
      try Task.checkCancellation()
      throw MediaError(.encoderFailed, "\(path) cannot be run: \(error)", cause: error)
    }
    try Task.checkCancellation()
    guard result.terminationStatus.isSuccess else {
      throw Self.failure(path: path, status: result.terminationStatus, words: result.standardError)
    }
  }

  /// Decodes a picture as it is stored: red, green, blue and opacity of each pixel.
  ///
  /// The format is named, so that ffmpeg neither guesses one nor reads a pattern of names, and nothing is turned: what
  /// versions of ffmpeg know of orientations differs.
  /// - Throws: ``MediaError`` with the code `unreadablePicture`, or `CancellationError`.
  func decode(_ picture: String, format: String, byteCount: Int) async throws -> [UInt8] {
    let arguments: Arguments = [
      "-v", "error", "-xerror", "-nostdin", "-noautorotate", "-f", "\(format)_pipe", "-i", "file:\(picture)",
      "-frames:v", "1", "-sws_flags", "accurate_rnd+full_chroma_int", "-f", "rawvideo", "-pix_fmt", "rgba", "-",
    ]
    let result: ExecutionResult<Void, BytesOutput, StringOutput<UTF8>>
    do {
      result = try await run(
        .path(.init(path)), arguments: arguments, output: .bytes(limit: byteCount + 1),
        error: .string(limit: 1 << 20))
    } catch let error as SubprocessError {
      try Task.checkCancellation()
      throw MediaError(.unreadablePicture, "\(picture): \(path) cannot decode it: \(error)", cause: error)
    }
    try Task.checkCancellation()
    let bytes = result.standardOutput
    guard result.terminationStatus.isSuccess, bytes.count == byteCount else {
      let words = result.standardError.split(separator: "\n").suffix(2).joined(separator: "; ")
      throw MediaError(
        .unreadablePicture,
        "\(picture): the picture is damaged, or of a kind that ffmpeg does not decode"
          + (words.isEmpty ? "" : " (ffmpeg: \(words))"))
    }
    return bytes
  }

  /// What ffmpeg's last words mean.
  static func failure(path: String, status: TerminationStatus, words: String) -> any Error {
    let lines = words.split(separator: "\n").suffix(3).joined(separator: "; ")
    if words.contains("No space left on device") || words.contains("File too large") {
      return FileError.noRoom(for: "the video")
    }
    return MediaError(.encoderFailed, "\(path) failed (\(status)): \(lines.isEmpty ? "it said nothing" : lines)")
  }
}

/// What happens when a pipe is written that nobody reads.
private enum BrokenPipes {
  /// Makes such a write fail instead of ending the process, unless the process has its own way of dealing with it.
  static let ignore: Void = {
    var action = sigaction()
    guard unsafe sigaction(SIGPIPE, nil, &action) == 0 else { return }
    #if os(Linux)
      let isDefault = unsafe action.__sigaction_handler.sa_handler == nil
    #else
      let isDefault = unsafe action.__sigaction_u.__sa_handler == nil
    #endif
    if isDefault { _ = signal(SIGPIPE, SIG_IGN) }
  }()
}
