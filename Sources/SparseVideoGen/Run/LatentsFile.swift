import Checkpoint
import Files
import Foundation
import Tensor

/// Latents on the disk: a safetensors file with one tensor, `latents`, `[1, F', C, h, w]`, float32, and a manifest beside
/// it.
///
/// Its room is taken before the first step, so that a full disk is an error then and not after the last one. A file that
/// is never written leaves nothing behind.
struct LatentsFile: ~Copyable {
  private let reservation: SafetensorsReservation
  private let path: String

  /// Takes the room for latents and their manifest.
  /// - Parameters:
  ///   - path: Where the latents will be.
  ///   - byteCount: Bytes of the latents.
  ///   - record: How they will be made; the density may be missing.
  /// - Throws: `FileError` for a place that cannot be written or has no room.
  init(_ path: String, byteCount: Int, record: GenerationRecord) throws {
    try Self.check(path)
    // The manifest is written once the latents have given back what they do not need: its room, then.
    let manifest = try Self.manifest(path, record, completedSteps: record.steps).count
    reservation = try SafetensorsReservation(byteCount + manifest + Self.spareBytes, for: URL(filePath: path))
    self.path = path
  }

  /// The header of the latents, and what a density adds to a manifest.
  private static let spareBytes = 256

  /// Finds out before the work begins whether latents can be written.
  static func check(_ path: String) throws {
    for path in [path, GenerationManifest.path(besides: path)] { try AtomicFile.check(path) }
  }

  private static func manifest(_ path: String, _ record: GenerationRecord, completedSteps: Int) throws -> Data {
    try GenerationManifest(
      record: record, latents: (path as NSString).lastPathComponent, completedSteps: completedSteps
    ).data()
  }

  /// Writes latents and their manifest; both appear complete or not at all, the manifest last.
  consuming func write(_ latents: Tensor, record: GenerationRecord, completedSteps: Int) throws -> SavedLatents {
    let path = path
    try reservation.write(["latents": latents])
    let manifestPath = GenerationManifest.path(besides: path)
    var file = try AtomicFile(manifestPath)
    try file.write(Array(Self.manifest(path, record, completedSteps: completedSteps)))
    try file.commit()
    return SavedLatents(path: path, manifestPath: manifestPath, completedSteps: completedSteps, steps: record.steps)
  }

  /// Reads latents.
  /// - Throws: `CheckpointError` for a file that is not safetensors or has no tensor `latents`, ``GenerationError`` with
  ///   the code `invalidLatents` for one of another shape or with values that are not finite.
  static func read(_ path: String) throws -> Tensor {
    let stored = try SafetensorsFile(URL(filePath: path)).tensor(named: "latents")
    guard stored.shape.rank == 5, stored.shape[0] == 1, stored.shape.count > 0, stored.elementType != .int32 else {
      throw GenerationError(
        .invalidLatents,
        "\(path): latents are floating-point numbers of the shape [1, frames, channels, height, width], not "
          + "\(stored.elementType) \(stored.shape)")
    }
    // A copy: in the file the first number may lie at any byte, and the file may go away while frames are made.
    let latents = Tensor(stored.floats(), shape: stored.shape)
    let isFinite = latents.withSpan(of: Float.self) { values in
      values.indices.allSatisfy { values[$0].isFinite }
    }
    guard isFinite else {
      throw GenerationError(.invalidLatents, "\(path): the latents hold values that are not finite numbers")
    }
    return latents
  }
}
