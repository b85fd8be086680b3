import Foundation
import Subprocess
import SystemPackage
import Testing

@testable import Files
@testable import Media

struct Y4MWriterTests {
  @Test func `a file is a header and frames of three planes`() async throws {
    try await withTemporaryFolder { folder in
      let frames = testFrames(width: 6, height: 4, count: 2)
      let path = folder + "/a.y4m"
      try Y4MWriter().write(frames, to: path)
      let bytes = try Data(contentsOf: URL(filePath: path))
      let header = "YUV4MPEG2 W6 H4 F8:1 Ip A1:1 C444p10 XYSCSS=444P10 XCOLORRANGE=FULL\n"
      #expect(bytes.starts(with: header.utf8))
      #expect(bytes.count == header.utf8.count + 2 * ("FRAME\n".utf8.count + 6 * 6 * 4))
      #expect(try files(in: folder) == ["a.y4m"])
    }
  }

  @Test func `the same frames make the same bytes`() async throws {
    try await withTemporaryFolder { folder in
      for name in ["a", "b"] { try Y4MWriter().write(testFrames(), to: "\(folder)/\(name).y4m") }
      #expect(
        try Data(contentsOf: URL(filePath: folder + "/a.y4m")) == Data(contentsOf: URL(filePath: folder + "/b.y4m")))
    }
  }

  @Test(.enabled("ffmpeg reads the file back") { try await isFFmpegInstalled() })
  func `ffmpeg reads the pixels back within one step`() async throws {
    try await withTemporaryFolder { folder in
      let frames = testFrames()
      try Y4MWriter().write(frames, to: folder + "/a.y4m")
      // The file itself is exact (see ColorMatrixTests); ffmpeg's own conversion to RGB rounds.
      let read = try await rawFrames(of: folder + "/a.y4m")
      #expect(read.count == frames.pixels.count)
      let worst = zip(read, frames.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 255
      #expect(worst <= 1)
    }
  }

  @Test(.enabled("the system has a device that is always full") { FileManager.default.fileExists(atPath: "/dev/full") })
  func `a full disk is named, and no part of a file stays`() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/a.y4m"
      let full = try FileDescriptor.open(FilePath("/dev/full"), .writeOnly)
      let error = #expect(throws: FileError.self) {
        try Y4MWriter().write(testFrames(), into: AtomicFile(path, descriptor: full.rawValue))
      }
      #expect(error?.code == .diskFull)
      #expect(error?.message.contains(path) == true)
      #expect(try files(in: folder) == [])
    }
  }

  @Test func `a canceled task leaves no file`() async throws {
    try await withTemporaryFolder { folder in
      let task = Task {
        unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
        try Y4MWriter().write(testFrames(), to: folder + "/a.y4m")
      }
      await #expect(throws: CancellationError.self) { try await task.value }
      let left = try files(in: folder)
      #expect(left == [])
    }
  }
}
