import Foundation
import Subprocess
import Testing

@testable import Media

@Suite(.enabled("MP4 files are made by ffmpeg") { try await isFFmpegInstalled() })
struct MP4WriterTests {
  let metadata = VideoMetadata(title: "a=b; #1 \\ \"two\"\nlines ☃", comment: #"{"seed":7,"text":"x;y=z#\\"}"#)

  func write(_ frames: VideoFrames, _ metadata: VideoMetadata?, to path: String) async throws {
    try await MP4Writer(FFmpeg.find()).write(frames, metadata: metadata, to: path)
  }

  @Test func `a file has the size, the rate, the colors and the metadata`() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/a.mp4"
      try await write(testFrames(), metadata, to: path)
      let text = try await probe(
        path,
        entries: "stream=codec_name,pix_fmt,width,height,nb_frames,r_frame_rate,color_space,color_range:format_tags")
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      let file = try decoder.decode(ProbedFile.self, from: Data(text.utf8))
      #expect(
        file.streams == [
          .init(
            codecName: "h264", pixFmt: "yuv420p", width: 64, height: 48, nbFrames: "5", rFrameRate: "8/1",
            colorSpace: "bt709", colorRange: "tv")
        ])
      #expect(file.format.tags["title"] == metadata.title)
      #expect(file.format.tags["comment"] == metadata.comment)
      #expect(try files(in: folder) == ["a.mp4"])
    }
  }

  @Test func `a file without metadata says nothing of how it was made`() async throws {
    try await withTemporaryFolder { folder in
      try await write(testFrames(), nil, to: folder + "/a.mp4")
      let text = try await probe(folder + "/a.mp4", entries: "format_tags=title,comment,encoder,creation_time")
      #expect(!text.contains("title") && !text.contains("comment") && !text.contains("encoder"))
    }
  }

  @Test func `the same frames make the same bytes`() async throws {
    try await withTemporaryFolder { folder in
      for name in ["a", "b"] { try await write(testFrames(), metadata, to: "\(folder)/\(name).mp4") }
      #expect(
        try Data(contentsOf: URL(filePath: folder + "/a.mp4")) == Data(contentsOf: URL(filePath: folder + "/b.mp4")))
    }
  }

  @Test func `plain colors come back`() async throws {
    try await withTemporaryFolder { folder in
      let color: [UInt8] = [200, 40, 90]
      let pixels = (0..<64 * 64 * 3).flatMap { _ in color }
      try await write(
        VideoFrames(width: 64, height: 64, count: 3, framesPerSecond: 8, pixels: pixels), nil, to: folder + "/a.mp4")
      let read = try await rawFrames(of: folder + "/a.mp4")
      let worst = zip(read, pixels).map { abs(Int($0) - Int($1)) }.max() ?? 255
      // Limited range has 219 steps of luma, and the encoder rounds; a wrong matrix would be off by 10 and more.
      #expect(worst <= 4)
    }
  }

  @Test func `what ffmpeg says of a failure is in the error, and no part of a file stays`() async throws {
    try await withTemporaryFolder { folder in
      let odd = testFrames(width: 2, height: 2, count: 1)
      let ffmpeg = try await FFmpeg.find()
      let error = await #expect(throws: MediaError.self) {
        try await ffmpeg.encode(odd, arguments: ["-loglevel", "error", "-i", folder + "/missing", folder + "/b.mp4"])
      }
      #expect(error?.code == .encoderFailed)
      #expect(error?.message.contains("No such file") == true)
      #expect(try files(in: folder) == [])
    }
  }

  @Test func `canceling ends ffmpeg and leaves no file`() async throws {
    try await withTemporaryFolder { folder in
      let frames = testFrames(width: 320, height: 240, count: 300)
      let task = Task { try await write(frames, nil, to: folder + "/a.mp4") }
      // Encoding takes seconds, and what is written has no name that could be waited for.
      try await Task.sleep(for: .milliseconds(300))
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      #expect(try files(in: folder) == [])
    }
  }
}

/// What `ffprobe -of json` writes.
private struct ProbedFile: Decodable {
  struct Stream: Decodable, Equatable {
    let codecName, pixFmt: String
    let width, height: Int
    let nbFrames, rFrameRate, colorSpace, colorRange: String
  }
  struct Format: Decodable {
    let tags: [String: String]
  }
  let streams: [Stream]
  let format: Format
}
