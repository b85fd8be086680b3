import Files
import Foundation
import Testing

@testable import Media

struct VideoOutputTests {
  @Test(arguments: [("a.mp4", VideoOutput.Format.mp4), ("b/c.Y4M", .y4m), (".hidden.mp4", .mp4)])
  func `the extension says the format`(path: String, format: VideoOutput.Format) throws {
    #expect(try VideoOutput(path: path).format == format)
  }

  @Test(arguments: ["a.avi", "a", "", "mp4", "a.mp4/"])
  func `any other extension is refused, and both formats are named`(path: String) throws {
    guard path != "a.mp4/" else {
      // A trailing slash is not part of a name; the check for folders catches it.
      #expect(try VideoOutput(path: path).format == .mp4)
      return
    }
    let error = #expect(throws: MediaError.self) { try VideoOutput(path: path) }
    #expect(error?.code == .unsupportedFormat)
    #expect(error?.message.contains(".mp4 or .y4m") == true)
  }

  @Test func `a folder that does not exist is refused before the work begins`() async throws {
    try await withTemporaryFolder { folder in
      let output = try VideoOutput(path: folder + "/none/a.y4m")
      let error = await #expect(throws: FileError.self) { try await output.check() }
      #expect(error?.code == .unwritable)
      #expect(error?.message.contains("does not exist") == true)
    }
  }

  @Test func `a folder in place of a file is refused`() async throws {
    try await withTemporaryFolder { folder in
      try FileManager.default.createDirectory(atPath: folder + "/a.y4m", withIntermediateDirectories: false)
      let output = try VideoOutput(path: folder + "/a.y4m")
      let error = await #expect(throws: FileError.self) { try await output.check() }
      #expect(error?.code == .unwritable)
    }
  }

  @Test(.enabled("/proc cannot be written, not even by root") { FileManager.default.fileExists(atPath: "/proc/self") })
  func `a folder that cannot be written is refused`() async throws {
    let output = try VideoOutput(path: "/proc/a.y4m")
    let error = await #expect(throws: FileError.self) { try await output.check() }
    #expect(error?.code == .unwritable)
  }

  @Test func `checking leaves nothing behind, and writing replaces`() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/a.y4m"
      let output = try VideoOutput(path: path)
      try await output.check()
      #expect(try files(in: folder) == [])
      try Data("old".utf8).write(to: URL(filePath: path))
      try await output.write(testFrames(), metadata: nil)
      #expect(try Data(contentsOf: URL(filePath: path)).starts(with: "YUV4MPEG2".utf8))
      #expect(try files(in: folder) == ["a.y4m"])
    }
  }
}
