import Foundation

/// The bytes of a small file that a user names.
public enum FileBytes {
  /// Reads a file to its end.
  /// - Parameters:
  ///   - limit: The most bytes that are read: what is more is another file than was meant, or a device that never ends.
  ///   - acceptsPipes: Whether a pipe is read as well, which can be done once.
  /// - Throws: ``FileError`` with the code `unreadable`, naming the file and the reason.
  public static func read(_ path: String, limit: Int, acceptsPipes: Bool) throws(FileError) -> [UInt8] {
    func refuse(_ reason: String) -> FileError { FileError(.unreadable, "\(path) cannot be read: \(reason)") }
    func refuse(_ number: Int32) -> FileError { unsafe refuse(String(cString: strerror(number))) }
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw refuse(errno) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw refuse(errno) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFIFO where acceptsPipes: break
    case S_IFDIR: throw refuse("it is a folder")
    default: throw refuse("it is no regular file")
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe Foundation.read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw refuse(errno) }
      guard count > 0 else { return bytes }
      bytes += chunk.prefix(count)
      guard bytes.count <= limit else { throw refuse("it has more than \(limit) bytes") }
    }
  }
}
