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
    let remedy = "install it (Debian and Ubuntu: apt-get install ffmpeg), or write lossless .y4m, which needs nothing"
    let path: String
    do {
      path = try await Executable.name("ffmpeg").resolveExecutablePath(in: .inherit).string
    } catch {
      throw MediaError(.noEncoder, "ffmpeg, which makes MP4 files, is not in PATH: \(remedy)", cause: error)
    }
    let ffmpeg = FFmpeg(path: path)
    guard try await ffmpeg.output(["-hide_banner", "-h", "encoder=libx264"]).contains("Encoder libx264") else {
      throw MediaError(.noEncoder, "\(path) has no H.264 encoder (libx264): \(remedy)")
    }
    return ffmpeg
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

  /// What ffmpeg's last words mean.
  static func failure(path: String, status: TerminationStatus, words: String) -> MediaError {
    let lines = words.split(separator: "\n").suffix(3).joined(separator: "; ")
    if words.contains("No space left on device") || words.contains("File too large") {
      return MediaError(
        .diskFull, "there is no room for the video: free some space, or choose another folder (ffmpeg: \(lines))")
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
