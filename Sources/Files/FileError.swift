import Foundation

/// Why a file could not be read or written.
public struct FileError: Error, Sendable, CustomStringConvertible {
  /// The kind of failure.
  public enum Code: String, Sendable {
    /// The folder does not exist or may not be written, or the name cannot be had.
    case unwritable
    /// The disk is full, or a quota is used up.
    case diskFull
    /// The file does not exist, may not be read, or is none.
    case unreadable
  }

  /// The kind of failure.
  public let code: Code
  /// What is wrong with which file, and what to do about it.
  public let message: String
  /// The error underneath, if any.
  public let cause: (any Error)?

  /// Creates an error.
  public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }

  /// What an error number of the system means for the one who asked for the file at `path`.
  init(_ number: Int32, path: String) {
    let cause = POSIXError.Code(rawValue: number).map { POSIXError($0) }
    let reason = unsafe String(cString: strerror(number))
    switch number {
    case ENOSPC, EDQUOT, EFBIG:
      self = .noRoom(for: path, cause: cause)
    case ENOENT, ENOTDIR:
      self.init(
        .unwritable, "the folder of \(path) does not exist: create it, or choose another one", cause: cause)
    case EACCES, EPERM, EROFS:
      self.init(
        .unwritable, "the folder of \(path) cannot be written: choose another one (\(reason))", cause: cause)
    case ENAMETOOLONG:
      self.init(.unwritable, "the name of \(path) is too long: choose a shorter one", cause: cause)
    case EISDIR, ENOTEMPTY, EEXIST:
      self.init(.unwritable, "\(path) is a folder: add a file name", cause: cause)
    default:
      self.init(.unwritable, "\(path) cannot be written: \(reason)", cause: cause)
    }
  }

  /// The error for a disk that is full.
  public static func noRoom(for path: String, cause: (any Error)? = nil) -> FileError {
    FileError(.diskFull, "there is no room for \(path): free some space, or choose another folder", cause: cause)
  }

  /// The message.
  public var description: String { message }
}
