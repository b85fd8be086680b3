import Foundation
import Testing

@testable import Files

struct AtomicFileTests {
  /// Calls `body` with the path of a folder that is deleted afterwards.
  func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "files-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  func names(in folder: String) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder) }

  func bytes(of path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path))) }

  @Test func `a file appears when it is complete, in place of one that was there`() throws {
    try withFolder { folder in
      let path = folder + "/a"
      try Data([9]).write(to: URL(filePath: path))
      var file = try AtomicFile(path)
      try file.write([1, 2])
      try file.write([3])
      #expect(try bytes(of: path) == [9])
      try file.commit()
      #expect(try bytes(of: path) == [1, 2, 3])
      #expect(try names(in: folder) == ["a"])
    }
  }

  @Test func `a file that is dropped leaves nothing`() throws {
    try withFolder { folder in
      var file = try AtomicFile(folder + "/a")
      try file.write([1])
      _ = consume file
      #expect(try names(in: folder) == [])
    }
  }

  @Test func `another process can write the file by its path, and all of that stays`() throws {
    try withFolder { folder in
      var file = try AtomicFile(folder + "/a")
      try Data([4, 5, 6]).write(to: URL(filePath: file.openPath))
      try file.commit()
      #expect(try bytes(of: folder + "/a") == [4, 5, 6])
    }
  }

  #if os(Linux)
    @Test func `a file has no name before it is complete, so that nothing can be left behind`() throws {
      try withFolder { folder in
        var file = try AtomicFile(folder + "/a")
        try file.write([1])
        // Not every file system has files without names; those of the tests do.
        #expect(try names(in: folder) == [])
        try file.commit()
      }
    }
  #endif

  @Test func `room that was reserved and not used is given back`() throws {
    try withFolder { folder in
      var file = try AtomicFile(folder + "/a")
      try file.reserve(1 << 20)
      try file.write([1])
      try file.commit()
      #expect(try bytes(of: folder + "/a") == [1])
    }
  }

  @Test func `room that no disk has is refused`() throws {
    try withFolder { folder in
      var file = try AtomicFile(folder + "/a")
      do throws(FileError) {
        try file.reserve(1 << 62)
        Issue.record("the room was had")
      } catch {
        #expect(error.code == .diskFull)
        #expect(error.message.contains("no room for \(folder)/a: free some space"))
      }
    }
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "only Linux has a disk that is always full"))
  func `a full disk is reported as such`() throws {
    var file = AtomicFile("/x", descriptor: unsafe open("/dev/full", O_WRONLY))
    do throws(FileError) {
      try file.write([1])
      Issue.record("a full disk took a byte")
    } catch {
      #expect(error.code == .diskFull)
    }
  }

  @Test func `what cannot be written is refused with the reason before the work begins`() throws {
    try withFolder { folder in
      let cases = [
        (folder + "/none/a", "does not exist"), (folder, "is a folder"), (folder + "/a/", "is a folder"),
        (folder + "/" + String(repeating: "n", count: 256), "is too long"),
      ]
      for (path, reason) in cases {
        let error = #expect(throws: FileError.self) { try AtomicFile.check(path) }
        #expect(error?.code == .unwritable)
        #expect(error?.message.contains(reason) == true && error?.message.contains(path) == true, "\(path)")
      }
      try AtomicFile.check(folder + "/a")
      #expect(try names(in: folder) == [])
    }
  }
}
