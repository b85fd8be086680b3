import Foundation

/// A file that appears whole or not at all: it is written beside its place, without a name or under a hidden one, and
/// moved there when it is complete.
///
/// Dropping it before ``AtomicFile/commit()`` deletes what was written.
struct AtomicFile: ~Copyable {
  private let url: URL
  private let temporary: String
  private let descriptor: Int32
  private var byteCount = 0
  private var hasName: Bool

  /// Creates the temporary file.
  /// - Throws: ``CheckpointError`` with code `unwritableFile` when the folder does not exist or may not be written.
  init(_ url: URL) throws(CheckpointError) {
    self.url = url
    let folder = url.deletingLastPathComponent().path
    // The hidden name does not contain the final one, which may already be as long as a name can be.
    temporary = folder + "/.partial-\(UUID().uuidString)"
    #if os(Linux)
      // Where the file system has files without names, nothing is left behind whatever ends the process: `O_TMPFILE`,
      // which is too complex a macro to be imported.
      let nameless = unsafe open(folder, O_WRONLY | O_CLOEXEC | O_DIRECTORY | 0o20_000_000, 0o644)
      if nameless >= 0 {
        if unsafe access(Self.path(of: nameless), F_OK) == 0 {
          (descriptor, hasName) = (nameless, false)
          return
        }
        close(nameless)
      }
    #endif
    hasName = true
    descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw writeError(url, errno) }
  }

  /// Where Linux shows an open file, from where it can be given a name.
  private static func path(of descriptor: Int32) -> String { "/proc/self/fd/\(descriptor)" }

  /// Takes room on the disk for bytes that are written later; what is not written of it is given back.
  /// - Throws: ``CheckpointError`` with code `diskFull` or `unwritableFile`.
  func reserve(_ byteCount: Int) throws(CheckpointError) {
    #if canImport(Darwin)
      var room = fstore_t(
        fst_flags: UInt32(F_ALLOCATEALL), fst_posmode: F_PEOFPOSMODE, fst_offset: 0, fst_length: off_t(byteCount),
        fst_bytesalloc: 0)
      let result = unsafe fcntl(descriptor, F_PREALLOCATE, &room) < 0 ? errno : 0
    #else
      let result = posix_fallocate(descriptor, 0, off_t(byteCount))
    #endif
    // A file system that cannot reserve is no reason not to write.
    guard result == 0 || result == EOPNOTSUPP || result == EINVAL else { throw writeError(url, result) }
  }

  /// Writes bytes at the end.
  /// - Throws: ``CheckpointError`` with code `diskFull` or `unwritableFile`.
  mutating func write(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
    try unsafe writeAll(bytes, to: descriptor, url: url)
    byteCount += bytes.count
  }

  /// Makes sure that everything is on the disk, then moves the file to its place, replacing what was there.
  /// - Throws: ``CheckpointError`` with code `diskFull` or `unwritableFile`; the place is then as it was.
  mutating func commit() throws(CheckpointError) {
    guard ftruncate(descriptor, off_t(byteCount)) == 0 else { throw writeError(url, errno) }
    // Delayed allocation reports a full disk here rather than in `write`.
    guard fsync(descriptor) == 0 else { throw writeError(url, errno) }
    if !hasName {
      let path = Self.path(of: descriptor)
      guard unsafe linkat(AT_FDCWD, path, AT_FDCWD, temporary, AT_SYMLINK_FOLLOW) == 0 else {
        throw writeError(url, errno)
      }
      hasName = true
    }
    guard unsafe rename(temporary, url.path) == 0 else { throw writeError(url, errno) }
    hasName = false
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    if hasName { _ = unsafe unlink(temporary) }
  }
}

/// Writes all bytes to an open file.
/// - Throws: ``CheckpointError`` with code `diskFull` or `unwritableFile`; `url` is for the message.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, url: URL) throws(CheckpointError) {
  var rest = unsafe bytes[...]
  while unsafe !rest.isEmpty {
    // One call moves less than 2 GB whatever it is asked for.
    let written = unsafe write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, min(rest.count, 1 << 30))
    if written < 0 {
      if errno == EINTR { continue }
      throw writeError(url, errno)
    }
    unsafe rest = unsafe rest.dropFirst(written)
  }
}

/// The error for a file that could not be written.
private func writeError(_ url: URL, _ number: Int32) -> CheckpointError {
  let cause = POSIXError.Code(rawValue: number).map { POSIXError($0) }
  if [ENOSPC, EDQUOT, EFBIG].contains(number) {
    return CheckpointError(
      .diskFull, "\(url.path): the file cannot be written: \(systemMessage(number)); free some space and try again.",
      cause: cause)
  }
  return CheckpointError(
    .unwritableFile, "\(url.path): the file cannot be written: \(systemMessage(number)).", cause: cause)
}
