import Attention
import Compute
import Diffusion
import Figures
import Foundation
import Models
import Tensor

extension Planner {
  /// Whether frames are decoded in tiles.
  ///
  /// The choice depends on the size of the device, not on what happens to be free: the same request gives the same
  /// video every time.
  package func decodesInTiles(_ tiles: DecodingTiles, size: VideoSize) -> Bool {
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
  package func memory(
    size: VideoSize, tiled: Bool, numbers: AttentionNumbers = .activations
  ) -> MemoryPlan {
    MemoryPlan(
      model: pipeline.model, size: size, tiled: tiled, activations: pipeline.device.activationType, attention: numbers,
      overheads: chosen.overheads)
  }

  /// What a person should know before the work begins: that the device has no room for it, and what would fit.
  func memoryProblem(_ memory: MemoryPlan, size: VideoSize, tiled: Bool, numbers: AttentionNumbers) -> String? {
    guard chosen.overheads.isFixed, let peak = memory.peakPhase, peak.total > chosen.memory else { return nil }
    let wanted =
      "\(peak.name) needs about \(Figure.bytes(peak.total)), and \(chosen.name) has \(Figure.bytes(chosen.memory))"
    func fits(_ size: VideoSize, tiled: Bool) -> Bool {
      self.memory(size: size, tiled: tiled, numbers: numbers).peak <= chosen.memory
    }
    if !tiled, fits(size, tiled: true) { return "\(wanted): decode in tiles (--tiling on)" }
    let multiple = pipeline.model.sizeRule.frameMultiple
    let fewer = stride(from: size.frames - multiple, to: 0, by: -multiple).first {
      let smaller = VideoSize(width: size.width, height: size.height, frames: $0)
      return (try? pipeline.model.sizeRule.check(smaller)) != nil && fits(smaller, tiled: true)
    }
    guard let fewer else { return "\(wanted): no number of frames of this size fits; choose the processor" }
    return "\(wanted): \(fewer) frame\(fewer == 1 ? "" : "s") would fit" + (tiled ? "" : ", decoded in tiles")
  }

  /// Refuses what the device has no room for.
  /// - Throws: ``GenerationError`` with the code `notEnoughMemory`.
  func requireRoom(_ plan: GenerationPlan) throws {
    if let problem = plan.memoryProblem { throw GenerationError(.notEnoughMemory, problem, field: .frames) }
  }
}

/// What a device holds beside weights and activations.
struct MemoryOverheads: Hashable, Sendable {
  /// What the program holds before it loads anything.
  let program: Int
  /// What convolutions hold for themselves.
  let convolutions: Int
  /// What the code of convolutions takes for frames of one size.
  let convolutionCode: Int
  /// What a convolution copies at most of the frames that it is given.
  let convolutionCopies: Int
  /// What activations take in all, in percent of those that are alive: devices keep idle memory.
  let poolPercent: Int
  /// The same while decoding, where frames grow from level to level, so that no block of one serves the next.
  let decodingPoolPercent: Int
  /// What is kept beyond that while decoding, but at most as much as is alive.
  let idleSlack: Int
  /// Whether the frames of the video are in the same memory.
  let keepsFrames: Bool
  /// Whether there is no more memory than the device has: no swapping.
  let isFixed: Bool

  /// Measured over videos of 0.3 to 3.2 million pixels. oneDNN generates 0.3 to 3 MB of code and descriptions for every
  /// convolution and every size of slab, in bfloat16 with AMX.
  static let processor = MemoryOverheads(
    program: 45_000_000, convolutions: 0, convolutionCode: 50_000_000, convolutionCopies: 0, poolPercent: 115,
    decodingPoolPercent: 130, idleSlack: CPUDevice.idleSlack, keepsFrames: true, isFixed: false)

  /// A CUDA context with our kernels, and cuBLASLt's workspace; the pool keeps what is freed and gives it out again.
  /// Convolutions have cuDNN's workspace, and a copy of frames with what lies around them. Decoders of full width stayed 9 and
  /// 16 % below the plan on an H200.
  static let gpu = MemoryOverheads(
    program: 700_000_000, convolutions: CUDADevice.convolutionWorkspaceBytes, convolutionCode: 0,
    convolutionCopies: CUDADevice.convolutionCopyBytes, poolPercent: 115, decodingPoolPercent: 130, idleSlack: 0,
    keepsFrames: false, isFixed: true)
}

extension MemoryPlan {
  /// Predicts the memory of each phase.
  /// - Parameters:
  ///   - activations: The element type of activations and weights.
  ///   - attention: What attention multiplies.
  init(
    model: any VideoModel, size: VideoSize, tiled: Bool, activations: ElementType, attention: AttentionNumbers,
    overheads: MemoryOverheads
  ) {
    func phase(_ name: String, parameters: Int, activations working: Int) -> Phase {
      // The pages of the files are let go of once the weights are packed.
      let held = parameters * activations.byteCount
      return Phase(name: name, weights: held, activations: working, total: overheads.program + held + working)
    }
    func parameters(_ role: ModelNetwork.Role) -> Int {
      model.networks.filter { $0.role == role }.reduce(0) { $0 + $1.loadedParameters }
    }
    func working(_ kind: WorkPhase) -> Int { model.workingBytes(kind, for: size, activations: activations) }
    func layers(_ working: Int) -> Int { working * overheads.poolPercent / 100 }
    // Tiles at the right, at the bottom and in the corner are smaller than the others.
    let code = overheads.convolutionCode * (tiled ? 4 : 1)
    let pixels = 3 * size.width * size.height * ElementType.float32.byteCount
    func convolutions(_ working: Int, frames: Int) -> Int {
      // What is copied and what is idle are not more than what is alive.
      working * overheads.decodingPoolPercent / 100
        + min(overheads.convolutionCopies + overheads.idleSlack, working) + overheads.convolutions + code
        + (overheads.keepsFrames ? pixels * frames : 0)
    }
    var phases = [phase("encoding", parameters: parameters(.textEncoder), activations: layers(working(.encoding)))]
    if let conditioning = model.imageConditioning {
      let working = conditioning.workingBytes(for: size, tiled: tiled, activations: activations)
      phases.append(
        phase("image", parameters: conditioning.parameters, activations: convolutions(working, frames: 2)))
    }
    var quantized = 0
    if attention == .float8 {
      // Queries, keys and values of a layer in a byte each, beside those that they are made from.
      let description = model.description
      quantized = 3 * model.layout(for: size).sequenceLength * description.heads * description.headDimension
    }
    phases.append(
      phase(
        "denoising", parameters: parameters(.transformer), activations: layers(working(.denoising) + quantized)))
    phases.append(
      phase(
        "decoding", parameters: parameters(.decoder),
        activations: convolutions(
          working(.decoding(tiled: tiled)), frames: size.frames * model.decodedFrameCopies)))
    self.init(phases: phases)
  }
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
