import Compute
import Diffusion
import Foundation
import Models
import Tensor

extension Planner {
  /// Whether frames are decoded in tiles.
  ///
  /// The choice depends on the size of the machine, not on what happens to be free: the same request gives the same
  /// video every time.
  func decodesInTiles(_ tiles: DecodingTiles, size: VideoSize) -> Bool {
    switch tiles {
    case .on: return true
    case .off: return false
    case .automatic:
      let whole = pipeline.model.workingBytes(
        .decoding(tiled: false), for: size, activations: pipeline.device.activationType)
      return whole > SystemMemory.total / 2
    }
  }

  /// Predicts the memory of each phase.
  /// - Throws: ``GenerationError`` with the code `unusableModel` when weights are missing or damaged.
  func memory(size: VideoSize, layout: TokenLayout, samples: Int, tiled: Bool) throws -> MemoryPlan {
    let inspection = try ModelInspection(source)
    if let problem = inspection.problem { throw GenerationError(.unusableModel, problem) }
    let activations = pipeline.device.activationType
    func phase(
      _ name: String, _ kind: WorkPhase, poolPercent: Int = Self.poolPercent, keeps: Int = 0
    ) throws -> MemoryPlan.Phase {
      // The pages of the files are let go of once the weights are packed.
      let held = try pipeline.model.loadedWeights(kind) * activations.byteCount
      let working =
        pipeline.model.workingBytes(kind, for: size, activations: activations) * poolPercent / 100 + keeps
      return .init(
        name: name, weights: held, activations: working, total: Self.programBytes + held + working)
    }
    let frames = 3 * size.width * size.height * size.frames * ElementType.float32.byteCount
    return MemoryPlan(phases: [
      try phase("encoding", .encoding),
      try phase("denoising", .denoising),
      // The frames are there twice while the parts that were decoded one after the other are joined.
      try phase(
        "decoding", .decoding(tiled: tiled), poolPercent: Self.decodingPoolPercent,
        keeps: frames * 2 + Self.convolutionBytes),
    ])
  }

  /// What the program holds before it loads anything: code, libraries and their own memory; measured.
  private static let programBytes = 45_000_000

  /// What oneDNN holds for convolutions of many shapes, its generated code above all; measured.
  private static let convolutionBytes = 10_000_000

  /// The device keeps idle memory of up to a quarter of what was ever in use at once; measured, half of that.
  private static let poolPercent = 115

  /// Frames grow from level to level, so that no block of one serves the next, and oneDNN adds room for its convolutions:
  /// measured over videos of 0.3 to 3.2 million pixels.
  private static let decodingPoolPercent = 130
}
