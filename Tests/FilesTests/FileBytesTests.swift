import Foundation
import Testing

@testable import Files

struct FileBytesTests {
  /// Calls `body` with the path of a file that is deleted afterwards.
  func withFile(_ bytes: [UInt8], _ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "bytes-\(UUID().uuidString)").path
    try Data(bytes).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  @Test(arguments: [0, 1, 1 << 16, 200_001]) func `all bytes of a file are read`(count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
    try withFile(bytes) { path in
      let read = try FileBytes.read(path, limit: count, acceptsPipes: false)
      #expect(read == bytes)
    }
  }

  @Test func `a file that is too long is refused`() throws {
    try withFile([1, 2, 3]) { path in
      let error = #expect(throws: FileError.self) { try FileBytes.read(path, limit: 2, acceptsPipes: false) }
      #expect(error?.code == .unreadable && error?.message == "\(path) cannot be read: it has more than 2 bytes")
    }
  }

  @Test func `a pipe is read to its end where pipes are taken`() throws {
    let pipe = Pipe()
    try pipe.fileHandleForWriting.write(contentsOf: Data([4, 5]))
    try pipe.fileHandleForWriting.close()
    let path = "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)"
    #expect(throws: FileError.self) { try FileBytes.read(path, limit: 9, acceptsPipes: false) }
    let read = try FileBytes.read(path, limit: 9, acceptsPipes: true)
    #expect(read == [4, 5])
  }

  @Test(arguments: [
    ("/nowhere/a", "No such file or directory"), ("/", "it is a folder"), ("/dev/zero", "it is no regular file"),
  ])
  func `what is no file is named with the reason`(path: String, reason: String) {
    let error = #expect(throws: FileError.self) { try FileBytes.read(path, limit: 9, acceptsPipes: true) }
    #expect(error?.message == "\(path) cannot be read: \(reason)")
  }
}
