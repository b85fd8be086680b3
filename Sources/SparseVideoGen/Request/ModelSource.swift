import Checkpoint
import Foundation

/// Which model makes the videos.
public enum ModelSource: Hashable, Sendable, CustomStringConvertible {
  /// The small model that comes with the library.
  case bundled
  /// A directory in the layout of *diffusers*, or `org/name[@revision]` of the local Hugging Face cache.
  case reference(String)

  /// `bundled`, or what the user wrote.
  public var description: String {
    switch self {
    case .bundled: "bundled"
    case .reference(let text): text
    }
  }

  /// Finds the model on this machine; nothing is downloaded.
  /// - Throws: ``GenerationError`` with the code `noBundledModel`, and `CheckpointError` for a directory that is none or
  ///   a model that is not in the cache, which then names the command that fetches it.
  public func directory() throws -> ModelDirectory {
    switch self {
    case .bundled: try ModelDirectory(Self.bundledURL())
    case .reference(let text):
      try ModelDirectory(resolving: text, environment: ProcessInfo.processInfo.environment)
    }
  }

  /// Where the bundled model lies.
  /// - Throws: ``GenerationError`` with the code `noBundledModel`.
  static func bundledURL() throws -> URL {
    let name = "BundledModel"
    // The resources lie in a folder beside the executable: where the build put it, or where it was installed.
    let folder = "SparseVideoGen_SparseVideoGen.resources"
    let places = [
      Bundle.main.resourceURL, Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent(),
    ]
    for place in places.compactMap({ $0 }) {
      for candidate in [place.appending(path: folder), place.appending(path: "../share/svgen")] {
        let url = candidate.appending(path: name).standardizedFileURL
        if FileManager.default.fileExists(atPath: url.appending(path: "model_index.json").path) { return url }
      }
    }
    throw GenerationError(
      .noBundledModel,
      "the bundled model is not beside this program (\(folder)/\(name)): build it with Swift Package Manager and keep "
        + "that folder next to the program, or name another model with --model")
  }
}
