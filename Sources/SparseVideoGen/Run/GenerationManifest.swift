import Checkpoint
import Foundation
import Models
import Tensor

/// What is known about saved latents, in a JSON file beside them: enough to decode them later.
public struct GenerationManifest: Sendable, Hashable, Codable {
  /// How the latents were made.
  public var record: GenerationRecord
  /// The file of the latents, in the same folder.
  public var latents: String
  /// Denoising steps that are done; fewer than `record.steps` when the run was stopped.
  public var completedSteps: Int

  /// The model that made the latents.
  public var source: ModelSource {
    record.model == ModelSource.bundled.description ? .bundled : .reference(record.model)
  }

  /// Where the manifest of a latents file lies: `x.safetensors` has `x.json`.
  public static func path(besides latentsPath: String) -> String {
    let path = latentsPath as NSString
    return path.pathExtension == "safetensors" ? path.deletingPathExtension + ".json" : latentsPath + ".json"
  }

  /// Reads the manifest of a latents file.
  /// - Returns: The manifest, or `nil` where there is none.
  /// - Throws: ``GenerationError`` with the code `invalidLatents` when it cannot be read.
  public static func read(besides latentsPath: String) throws -> GenerationManifest? {
    let path = path(besides: latentsPath)
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    do {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(GenerationManifest.self, from: Data(contentsOf: URL(filePath: path)))
    } catch {
      throw GenerationError(
        .invalidLatents,
        "\(path): this is not the manifest of latents; remove it to decode the latents without it", cause: error)
    }
  }

  /// The bytes of the file.
  func data() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return try encoder.encode(self) + Data("\n".utf8)
  }
}
