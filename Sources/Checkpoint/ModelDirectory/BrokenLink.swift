import Foundation

/// Refuses a link to a file that is not there, which is what a download that was cut short leaves in the Hugging Face
/// cache; to the one who sees the link, “there is no such file” would be wrong.
/// - Throws: ``CheckpointError`` with code `unreadableFile`.
package func checkLink(_ url: URL) throws(CheckpointError) {
  guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: url.path),
    !FileManager.default.fileExists(atPath: url.path)
  else { return }
  throw CheckpointError(
    .unreadableFile, "\(url.path): this is a link to \(target), which is missing; fetch the model again.")
}
