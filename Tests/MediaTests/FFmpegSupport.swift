import Foundation
import Subprocess
import SystemPackage

@testable import Media

/// Whether tests that need ffmpeg can run.
func isFFmpegInstalled() async throws -> Bool {
  do {
    _ = try await FFmpeg.find()
    return true
  } catch let error as MediaError where error.code == .noEncoder {
    return false
  }
}

/// The frames of a video as ffmpeg decodes them: RGB, 8 bits per channel.
func rawFrames(of path: String) async throws -> [UInt8] {
  let arguments: Arguments = [
    "-v", "error", "-i", path, "-sws_flags", "accurate_rnd+full_chroma_int", "-f", "rawvideo", "-pix_fmt", "rgb24", "-",
  ]
  let result = try await run(
    .name("ffmpeg"), arguments: arguments, output: .bytes(limit: 100_000_000), error: .string(limit: 10_000))
  guard result.terminationStatus.isSuccess else { throw ProbeFailure(words: result.standardError) }
  return result.standardOutput
}

/// What ffprobe says of a file.
func probe(_ path: String, entries: String) async throws -> String {
  let result = try await run(
    .name("ffprobe"), arguments: ["-v", "error", "-show_entries", entries, "-of", "json", path],
    output: .string(limit: 1_000_000), error: .string(limit: 10_000))
  guard result.terminationStatus.isSuccess else { throw ProbeFailure(words: result.standardError) }
  return result.standardOutput
}

struct ProbeFailure: Error {
  let words: String
}
