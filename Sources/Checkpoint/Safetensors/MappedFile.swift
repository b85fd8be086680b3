import Foundation
import Tensor

/// A whole file, mapped read-only into memory: the storage of the tensors of a checkpoint.
///
/// Nothing is read until it is used, and the kernel may drop pages that were, since the file still has them. The memory
/// must never be written through ``MappedFile/hostAddress``; it is mapped without the permission, so that a mistake
/// stops the process instead of changing weights. A file that another process shortens while it is mapped raises
/// `SIGBUS` on access; no format check can rule that out.
///
/// `@unchecked Sendable`: the address and the size never change, and nobody can write the memory.
@safe
public final class MappedFile: TensorStorage, @unchecked Sendable {
  /// The file.
  public let url: URL
  /// The size of the file in bytes.
  public let byteCount: Int
  private let address: UnsafeMutableRawPointer?

  /// Maps a file.
  /// - Throws: ``CheckpointError`` with code `unreadableFile` when it does not exist, is no regular file, may not be
  ///   read or cannot be mapped.
  public init(_ url: URL) throws {
    func refuse(_ what: String, _ errno: Int32) -> CheckpointError {
      CheckpointError(
        .unreadableFile, "\(url.path): \(what): \(systemMessage(errno)).",
        cause: POSIXError.Code(rawValue: errno).map { POSIXError($0) })
    }
    try checkLink(url)
    // Non-blocking, so that opening a named pipe returns instead of waiting for a writer; regular files ignore it.
    let descriptor = unsafe open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw refuse("the file cannot be opened", errno) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw refuse("the file cannot be examined", errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw CheckpointError(.unreadableFile, "\(url.path): this is no regular file.")
    }
    self.url = url
    byteCount = Int(status.st_size)
    if byteCount == 0 {
      unsafe address = nil
    } else {
      let mapped = unsafe mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0)
      guard unsafe mapped != MAP_FAILED else { throw refuse("the file cannot be mapped into memory", errno) }
      unsafe address = mapped
    }
  }

  /// The first byte, to be read only; `nil` for an empty file.
  public var hostAddress: UnsafeMutableRawPointer? { unsafe address }

  /// Copies bytes out of the file.
  /// - Precondition: `range` lies inside the file.
  func bytes(_ range: Range<Int>) -> [UInt8] {
    precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "bytes \(range) are not in \(byteCount)")
    guard let address = unsafe address, !range.isEmpty else { return [] }
    return unsafe [UInt8](UnsafeRawBufferPointer(start: address + range.lowerBound, count: range.count))
  }

  /// Tells the kernel that bytes are not needed for now, so that their pages stop counting as this process's memory.
  ///
  /// Reading them again works and fetches them from the file. The pages at both ends are dropped too.
  public func release(_ range: Range<Int>) {
    guard let address = unsafe address, !range.isEmpty else { return }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let start = max(range.lowerBound, 0) / page * page
    let end = min(range.upperBound, byteCount)
    guard start < end else { return }
    // The pages are clean copies of the file, so that dropping them loses nothing; failing costs memory only.
    _ = unsafe madvise(address + start, end - start, Int32(MADV_DONTNEED))
  }

  deinit {
    if let address = unsafe address { _ = unsafe munmap(address, byteCount) }
  }
}

/// What the system says about an error number, without a full stop.
func systemMessage(_ errno: Int32) -> String {
  unsafe String(cString: strerror(errno))
}
