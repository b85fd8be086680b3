import Compute
import Diffusion
import Foundation
import Models
import Tensor

extension Planner {
  /// Whether frames are decoded in tiles.
  ///
  /// The choice depends on the size of the device, not on what happens to be free: the same request gives the same
  /// video every time.
  func decodesInTiles(_ tiles: DecodingTiles, size: VideoSize) -> Bool {
    switch tiles {
    case .on: return true
    case .off: return false
    case .automatic:
      let whole = pipeline.model.workingBytes(
        .decoding(tiled: false), for: size, activations: pipeline.device.activationType)
      return whole > chosen.memory / 2
    }
  }

  /// Predicts the memory of each phase.
  /// - Throws: ``GenerationError`` with the code `unusableModel` when weights are missing or damaged.
  func memory(size: VideoSize, layout: TokenLayout, samples: Int, tiled: Bool) throws -> MemoryPlan {
    let inspection = try ModelInspection(source)
    if let problem = inspection.problem { throw GenerationError(.unusableModel, problem) }
    let activations = pipeline.device.activationType
    func phase(_ name: String, _ component: ModelComponent, working: Int, keeps: Int) -> MemoryPlan.Phase {
      let weights = inspection.weights(of: component)
      // The pages of the files are let go of once the weights are packed.
      let held = (weights?.parameters ?? 0) * activations.byteCount
      let working = working * Self.poolPercent / 100 + keeps
      return .init(
        name: name, weights: held, activations: working, total: Self.programBytes + held + working)
    }
    func phase(_ name: String, _ component: ModelComponent, _ kind: WorkPhase, keeps: Int = 0) -> MemoryPlan.Phase {
      let working = pipeline.model.workingBytes(kind, for: size, activations: activations)
      return phase(name, component, working: working, keeps: keeps)
    }
    let frames = 3 * size.width * size.height * size.frames * ElementType.float32.byteCount
    var phases = [phase("encoding", .textEncoder, .encoding)]
    if let conditioning = pipeline.model.imageConditioning {
      let working = conditioning.workingBytes(for: size, tiled: tiled, activations: activations)
      phases.append(
        phase(
          "image", .decoder, working: working,
          keeps: size.width * size.height * 3 * ElementType.float32.byteCount * 2 + Self.convolutionBytes))
    }
    return MemoryPlan(
      phases: phases + [
        phase("denoising", .transformer, .denoising),
        // The frames are there twice while the parts that were decoded one after the other are joined.
        phase("decoding", .decoder, .decoding(tiled: tiled), keeps: frames * 2 + Self.convolutionBytes),
      ])
  }

  /// What the program holds before it loads anything: code, libraries and their own memory; measured.
  private static let programBytes = 45_000_000

  /// What oneDNN holds for convolutions of many shapes, its generated code above all; measured.
  private static let convolutionBytes = 45_000_000

  /// The device keeps idle memory of up to a quarter of what was ever in use at once; measured, half of that.
  private static let poolPercent = 115
}

extension ModelInspection {
  /// The weights of a network, or `nil` where the model has none.
  func weights(of component: ModelComponent) -> Weights? {
    components.first { $0.name == component.rawValue }?.weights
  }
}
