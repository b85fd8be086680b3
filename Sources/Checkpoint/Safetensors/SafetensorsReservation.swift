import Files
import Foundation
import Tensor

/// Room on the disk for a safetensors file that is written later, so that hours of work do not end at a full disk.
///
/// The room is a file beside the place, without a name or under a hidden one; dropping the reservation deletes it.
public struct SafetensorsReservation: ~Copyable {
  private var file: AtomicFile

  /// Takes the room.
  /// - Parameters:
  ///   - byteCount: As many bytes as the whole file will have, or more; what is too much is given back on writing.
  ///   - url: The file; one that is there stays until ``write(_:metadata:)``.
  /// - Throws: `FileError`.
  public init(_ byteCount: Int, for url: URL) throws {
    var file = try AtomicFile(url.path)
    try file.reserve(byteCount)
    self.file = file
  }

  /// Writes tensors into the room, as ``SafetensorsWriter/write(_:metadata:to:)`` does.
  /// - Throws: `FileError`; nothing half-written is left then.
  public consuming func write(_ tensors: [String: Tensor], metadata: [String: String] = [:]) throws {
    try SafetensorsWriter.write(tensors, metadata: metadata, to: &file)
  }
}
