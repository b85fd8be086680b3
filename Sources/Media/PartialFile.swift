#if canImport(System)
  import System
#else
  import SystemPackage
#endif

/// A file that becomes visible under its name only when it is complete.
///
/// It is written beside its final place, under a hidden name, and renamed by ``commit()``. When it goes out of scope
/// before, the hidden file is removed, so that no failure leaves a part of a result behind.
public struct PartialFile: ~Copyable {
  /// Where the file will be.
  public let destination: String
  /// Where the file is until then.
  public let path: String
  private let descriptor: FileDescriptor
  private var isFinished = false

  /// Creates the hidden file.
  /// - Throws: ``MediaError`` when the folder does not exist or cannot be written.
  public init(for destination: String) throws {
    let place = FilePath(destination)
    var random = SystemRandomNumberGenerator()
    let suffix = String(random.next(), radix: 36)
    // The hidden name does not contain the final one, which may already be as long as a name can be.
    let path = place.removingLastComponent().appending(".partial-\(suffix)").string
    do {
      descriptor = try FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
    } catch let error as Errno {
      throw PartialFile.error(error, destination: destination)
    }
    self.destination = destination
    self.path = path
  }

  /// Finds out whether a file could be created, or replaced, under a name; nothing is left behind.
  /// - Throws: ``MediaError`` when the folder does not exist or cannot be written, and when the name is too long or that of
  ///   a folder.
  public static func check(_ destination: String) throws {
    if destination.hasSuffix("/") || isDirectory(destination) {
      throw MediaError(.unwritableOutput, "\(destination) is a folder: add a file name")
    }
    do {
      try checkName(destination)
    } catch {
      throw PartialFile.error(error, destination: destination)
    }
    _ = try PartialFile(for: destination)
  }

  /// Writes to an open descriptor instead of a new file; for tests of full disks.
  init(destination: String, path: String, descriptor: FileDescriptor) {
    self.destination = destination
    self.path = path
    self.descriptor = descriptor
  }

  /// Appends bytes.
  /// - Throws: ``MediaError`` with the code `diskFull` or `writeFailed`.
  public borrowing func write(_ bytes: some Sequence<UInt8>) throws {
    do {
      try descriptor.writeAll(bytes)
    } catch let error as Errno {
      throw PartialFile.error(error, destination: destination)
    }
  }

  /// Gives the file its name, in place of a file that may already have it.
  /// - Throws: ``MediaError`` when the name cannot be given.
  public consuming func commit() throws {
    isFinished = true
    do {
      try descriptor.close()
      try rename(path, to: destination)
    } catch let error as Errno {
      remove(path)
      throw PartialFile.error(error, destination: destination)
    }
  }

  deinit {
    guard !isFinished else { return }
    // Nothing can be done about a failure here, and the file is useless either way.
    try? descriptor.close()
    remove(path)
  }

  /// What an error of the file system means for the one who asked for `destination`.
  static func error(_ error: Errno, destination: String) -> MediaError {
    switch error {
    case .noSpace, .diskQuotaExceeded, .fileTooLarge:
      MediaError(
        .diskFull, "there is no room for \(destination): free some space, or choose another folder", cause: error)
    case .noSuchFileOrDirectory, .notDirectory:
      MediaError(
        .unwritableOutput,
        "the folder of \(destination) does not exist: create it, or choose another one", cause: error)
    case .permissionDenied, .notPermitted, .readOnlyFileSystem:
      MediaError(
        .unwritableOutput, "the folder of \(destination) cannot be written: choose another one (\(error))",
        cause: error)
    case .fileNameTooLong:
      MediaError(.unwritableOutput, "the name of \(destination) is too long: choose a shorter one", cause: error)
    case .isDirectory:
      MediaError(.unwritableOutput, "\(destination) is a folder: add a file name", cause: error)
    default:
      MediaError(.writeFailed, "\(destination) cannot be written: \(error)", cause: error)
    }
  }
}
