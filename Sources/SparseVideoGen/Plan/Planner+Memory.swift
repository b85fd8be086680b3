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

  /// Predicts the memory of each phase, from configurations: weights need not be there.
  func memory(size: VideoSize, tiled: Bool) -> MemoryPlan {
    let (model, activations) = (pipeline.model, pipeline.device.activationType)
    func phase(_ name: String, _ role: ModelNetwork.Role, working: Int, keeps: Int) -> MemoryPlan.Phase {
      // The pages of the files are let go of once the weights are packed.
      let parameters = model.networks.filter { $0.role == role }.reduce(0) { $0 + $1.loadedParameters }
      let held = parameters * activations.byteCount
      let pool = role == .decoder ? Self.decodingPoolPercent : Self.poolPercent
      let working = working * pool / 100 + keeps
      return .init(
        name: name, weights: held, activations: working, total: Self.programBytes + held + working)
    }
    func phase(_ name: String, _ role: ModelNetwork.Role, _ kind: WorkPhase, keeps: Int = 0) -> MemoryPlan.Phase {
      phase(
        name, role, working: model.workingBytes(kind, for: size, activations: activations), keeps: keeps)
    }
    let frames = 3 * size.width * size.height * size.frames * ElementType.float32.byteCount
    var phases = [phase("encoding", .textEncoder, .encoding)]
    if let conditioning = model.imageConditioning {
      // The encoder has about as many weights as the decoder.
      let working = conditioning.workingBytes(for: size, tiled: tiled, activations: activations)
      phases.append(
        phase(
          "image", .decoder, working: working,
          keeps: size.width * size.height * 3 * ElementType.float32.byteCount * 2 + Self.convolutionBytes))
    }
    return MemoryPlan(
      phases: phases + [
        phase("denoising", .transformer, .denoising),
        phase(
          "decoding", .decoder, .decoding(tiled: tiled),
          keeps: frames * model.decodedFrameCopies + Self.convolutionBytes),
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

extension Planner {
  /// The components that a run loads and that have no weights on the disk.
  var missingWeights: [String] {
    let bytes = pipeline.model.description.weightBytes
    return pipeline.model.networks.map(\.component).filter { bytes[$0] == 0 }
  }

  /// Finds out whether a run can load every tensor of every network, from the headers of the files: a plan needs no
  /// weights.
  /// - Throws: ``GenerationError`` with the code `unusableModel` when weights are missing, damaged, or not those of the
  ///   configurations; its cause is the `CheckpointError` that says which.
  func requireWeights() throws {
    for network in pipeline.model.networks {
      do {
        try pipeline.model.checkWeights(of: network.component)
      } catch {
        throw GenerationError(.unusableModel, "\(error)", cause: error)
      }
    }
  }
}
