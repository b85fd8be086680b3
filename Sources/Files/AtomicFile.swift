import Foundation

/// A file that appears whole or not at all: it is written beside its place and moved there when it is complete.
///
/// Where the file system has files without names, as those of Linux do, it has none until then, so that nothing is left
/// behind whatever ends the process; elsewhere it has a hidden one. Dropping it before ``commit()`` deletes what was
/// written.
public struct AtomicFile: ~Copyable {
  /// Where the file will be.
  public let path: String
  /// The hidden name, also on the way from no name to the final one.
  private let temporary: String
  private let descriptor: Int32
  private var hasName: Bool
  private var written = 0
  private var reserved = 0

  /// Creates the file that is written.
  /// - Throws: ``FileError`` with the code `unwritable` when the folder does not exist or cannot be written.
  public init(_ path: String) throws(FileError) {
    self.path = path
    // The hidden name does not contain the final one, which may already be as long as a name can be.
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "./"
    temporary = "\(folder).partial-\(UUID().uuidString)"
    #if os(Linux)
      // `O_TMPFILE`, which is too complex a macro to be imported.
      let nameless = unsafe open(folder, O_RDWR | O_CLOEXEC | O_DIRECTORY | 0o20_000_000, 0o644)
      if nameless >= 0 {
        if unsafe access(Self.openPath(of: nameless), F_OK) == 0 {
          (descriptor, hasName) = (nameless, false)
          return
        }
        close(nameless)
      }
    #endif
    hasName = true
    descriptor = unsafe open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(errno, path: path) }
  }

  /// Writes to an open descriptor instead of a new file; for tests of full disks.
  init(_ path: String, descriptor: Int32) {
    (self.path, temporary, self.descriptor, hasName) = (path, "", descriptor, false)
  }

  /// Finds out whether a file could be created, or replaced, under a name; nothing is left behind.
  /// - Throws: ``FileError`` with the code `unwritable` when the folder does not exist or cannot be written, and when the
  ///   name is too long or that of a folder.
  public static func check(_ path: String) throws(FileError) {
    var status = stat()
    if unsafe stat(path, &status) == 0 {
      if status.st_mode & S_IFMT == S_IFDIR { throw FileError(EISDIR, path: path) }
    } else if errno == ENAMETOOLONG {
      throw FileError(ENAMETOOLONG, path: path)
    }
    if path.hasSuffix("/") { throw FileError(EISDIR, path: path) }
    _ = try AtomicFile(path)
  }

  /// Where another process of the same user finds the file while it is written.
  public var openPath: String { hasName ? temporary : Self.openPath(of: descriptor) }

  /// Where Linux shows an open file, from where it can also be given a name.
  private static func openPath(of descriptor: Int32) -> String { "/proc/\(getpid())/fd/\(descriptor)" }

  /// Takes room on the disk for bytes that are written later; what is not written of it is given back.
  /// - Throws: ``FileError``.
  public mutating func reserve(_ byteCount: Int) throws(FileError) {
    #if canImport(Darwin)
      var room = fstore_t(
        fst_flags: UInt32(F_ALLOCATEALL), fst_posmode: F_PEOFPOSMODE, fst_offset: 0, fst_length: off_t(byteCount),
        fst_bytesalloc: 0)
      let result = unsafe fcntl(descriptor, F_PREALLOCATE, &room) < 0 ? errno : 0
    #else
      let result = posix_fallocate(descriptor, 0, off_t(byteCount))
    #endif
    // A file system that cannot reserve is no reason not to write.
    guard result == 0 || result == EOPNOTSUPP || result == EINVAL else { throw FileError(result, path: path) }
    reserved = byteCount
  }

  /// Writes bytes at the end.
  /// - Throws: ``FileError``.
  public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    var rest = unsafe bytes[...]
    while unsafe !rest.isEmpty {
      // One call moves less than 2 GB whatever it is asked for.
      let address = unsafe UnsafeRawBufferPointer(rebasing: rest).baseAddress
      let count = unsafe Foundation.write(descriptor, address, min(rest.count, 1 << 30))
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError(errno, path: path)
      }
      unsafe rest = unsafe rest.dropFirst(count)
      written += count
    }
  }

  /// Writes bytes at the end.
  /// - Throws: ``FileError``.
  public mutating func write(_ bytes: [UInt8]) throws(FileError) {
    // The closure of the standard library would forget which errors are thrown.
    let result: Result<Void, FileError> = unsafe bytes.withUnsafeBytes { buffer in
      do throws(FileError) {
        return .success(try unsafe write(buffer))
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  /// Makes sure that everything is on the disk, then moves the file to its place, replacing what was there.
  /// - Throws: ``FileError``; the place is then as it was.
  public mutating func commit() throws(FileError) {
    // Without a reservation the file ends where it was written to, perhaps by another process.
    if reserved > written, ftruncate(descriptor, off_t(written)) != 0 { throw FileError(errno, path: path) }
    // Delayed allocation reports a full disk here rather than in `write`.
    guard fsync(descriptor) == 0 else { throw FileError(errno, path: path) }
    if !hasName {
      guard unsafe linkat(AT_FDCWD, openPath, AT_FDCWD, temporary, AT_SYMLINK_FOLLOW) == 0 else {
        throw FileError(errno, path: path)
      }
      hasName = true
    }
    guard unsafe rename(temporary, path) == 0 else { throw FileError(errno, path: path) }
    hasName = false
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    if hasName { _ = unsafe unlink(temporary) }
  }
}
