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
  /// - Throws: `CheckpointError` when weights are missing or damaged.
  func memory(size: VideoSize, layout: TokenLayout, samples: Int, tiled: Bool) throws -> MemoryPlan {
    let inspection = try ModelInspection(source)
    let activations = pipeline.device.activationType
    func phase(_ name: String, _ component: ModelComponent, _ kind: WorkPhase, keeps: Int = 0) -> MemoryPlan.Phase {
      let weights = inspection.weights(of: component)
      let held = Self.heldBytes(weights, component: component, as: activations)
      let working = pipeline.model.workingBytes(kind, for: size, activations: activations) + keeps
      return .init(
        name: name, weights: held, activations: working, total: Self.programBytes + held + working)
    }
    let frames = 3 * size.width * size.height * size.frames
    return MemoryPlan(phases: [
      phase("encoding", .textEncoder, .encoding),
      phase("denoising", .transformer, .denoising),
      // The decoded frames are there as floating-point numbers, then as bytes too.
      phase("decoding", .decoder, .decoding(tiled: tiled), keeps: frames * 5),
    ])
  }

  /// What the program holds before it loads anything: code, libraries and their own memory.
  private static let programBytes = 60_000_000

  /// The weights in the form that the device multiplies, and the pages of their files that loading has touched.
  private static func heldBytes(
    _ weights: ModelInspection.Weights?, component: ModelComponent, as type: ElementType
  ) -> Int {
    guard let weights else { return 0 }
    return weights.parameters * type.byteCount + weights.bytes
  }
}

extension ModelInspection {
  /// The weights of a network, or `nil` where the model has none.
  func weights(of component: ModelComponent) -> Weights? {
    components.first { $0.name == component.rawValue }?.weights
  }
}
