import Checkpoint
import Foundation
import Media
import Tensor

/// Latents on the disk: a safetensors file with one tensor, `latents`, `[1, F', C, h, w]`, float32.
enum LatentsFile {
  /// Finds out before the work begins whether latents can be written.
  static func check(_ path: String) throws {
    for path in [path, GenerationManifest.path(besides: path)] { try PartialFile.check(path) }
  }

  /// Writes latents and their manifest; both appear complete or not at all, the manifest last.
  static func write(
    _ latents: Tensor, record: GenerationRecord, completedSteps: Int, to path: String
  ) throws -> SavedLatents {
    try SafetensorsWriter.write(["latents": latents], to: URL(filePath: path))
    let manifestPath = GenerationManifest.path(besides: path)
    let manifest = GenerationManifest(
      record: record, latents: (path as NSString).lastPathComponent, completedSteps: completedSteps)
    let file = try PartialFile(for: manifestPath)
    try file.write(manifest.data())
    try file.commit()
    return SavedLatents(path: path, manifestPath: manifestPath, completedSteps: completedSteps, steps: record.steps)
  }

  /// Reads latents.
  /// - Throws: `CheckpointError` for a file that is not safetensors or has no tensor `latents`, ``GenerationError`` with
  ///   the code `invalidLatents` for one of another shape or with values that are not finite.
  static func read(_ path: String) throws -> Tensor {
    let latents = try SafetensorsFile(URL(filePath: path)).tensor(named: "latents").converted(to: .float32)
    guard latents.shape.rank == 5, latents.shape[0] == 1, latents.shape.count > 0 else {
      throw GenerationError(
        .invalidLatents, "\(path): latents have the shape [1, frames, channels, height, width], not \(latents.shape)")
    }
    let isFinite = latents.withSpan(of: Float.self) { values in
      values.indices.allSatisfy { values[$0].isFinite }
    }
    guard isFinite else {
      throw GenerationError(.invalidLatents, "\(path): the latents hold values that are not finite numbers")
    }
    return latents
  }
}
