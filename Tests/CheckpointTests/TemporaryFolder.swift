import Checkpoint
import Foundation
import Tensor
import Testing

/// A folder that is deleted when the test is over.
final class TemporaryFolder: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("checkpoint-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  /// Writes a file, making its folder.
  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> URL {
    let file = url.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
    return file
  }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> URL { try write(name, Array(text.utf8)) }

  /// Writes a safetensors file from the text of its header and the size of its data.
  func safetensors(_ header: String, dataByteCount: Int, name: String = "model.safetensors") throws -> URL {
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> ($0 * 8)) }
    return try write(name, length + Array(header.utf8) + [UInt8](repeating: 0, count: dataByteCount))
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}

/// Expects an error of a kind whose message has all of the given parts.
func expectError(
  _ code: CheckpointError.Code, _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation,
  from body: () throws -> Void
) {
  do {
    try body()
    Issue.record("nothing was thrown; expected \(code)", sourceLocation: sourceLocation)
  } catch let error as CheckpointError {
    #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
    for part in parts {
      #expect(error.message.contains(part), "\"\(part)\" is not in: \(error)", sourceLocation: sourceLocation)
    }
  } catch {
    Issue.record("another error was thrown: \(error)", sourceLocation: sourceLocation)
  }
}
