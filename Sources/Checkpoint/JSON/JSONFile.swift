import Foundation

/// Reads a JSON file whole, refusing files that are no configuration by their size alone.
package enum JSONFile {
  /// Reads a file.
  /// - Parameters:
  ///   - url: The file.
  ///   - maximumByteCount: The size from which on the file is refused unread.
  /// - Throws: ``CheckpointError`` with code `unreadableFile`, `absurdSize` or `invalidJSON`.
  package static func read(_ url: URL, maximumByteCount: Int) throws -> JSONValue {
    let bytes = try bytes(url, maximumByteCount: maximumByteCount)
    do {
      return try JSONParser.parse(bytes)
    } catch {
      throw CheckpointError(.invalidJSON, "\(url.path): the file is no valid JSON: \(error).", cause: error)
    }
  }

  /// Reads the bytes of a file that must be small.
  /// - Throws: ``CheckpointError`` with code `unreadableFile` or `absurdSize`.
  package static func bytes(_ url: URL, maximumByteCount: Int) throws -> [UInt8] {
    let file = try MappedFile(url)
    guard file.byteCount <= maximumByteCount else {
      throw CheckpointError(
        .absurdSize, "\(url.path): \(file.byteCount) bytes are too many for such a file; \(maximumByteCount) are read.")
    }
    return file.bytes(0..<file.byteCount)
  }
}
