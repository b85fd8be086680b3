import Attention
import Figures
import Foundation
import Media
import Models
import Tensor

/// What a request will run, known before anything is loaded.
public struct GenerationPlan: Hashable, Sendable, Codable {
  /// The model.
  public let model: ModelDescription
  /// The picture that the video begins with; `nil` for models that take none.
  public let image: ImagePlan?
  /// What a person should know of the prompts before the work begins: words that the model was not trained on, and what has
  /// no effect.
  public let promptWarnings: [String]
  /// The size of the video.
  public let size: VideoSize
  /// Frames per second.
  public let framesPerSecond: Int
  /// Denoising steps.
  public let steps: Int
  /// Guidance scale; 1 turns it off.
  public let guidance: Float
  /// The scale of classifier-free guidance beside an embedded one, where it is on.
  public let trueGuidance: Float?
  /// Runs of the transformer in a step: 2 with guidance, 1 without.
  public let samples: Int
  /// The latents that are denoised: `[1, F', C, h, w]`.
  public let latentShape: [Int]
  /// Where the tokens of a sample lie.
  public let layout: TokenLayout
  /// Which attention runs where.
  public let attention: AttentionPlan
  /// The arithmetic of the transformer.
  public let work: WorkPlan
  /// The memory of each phase.
  public let memory: MemoryPlan
  /// Why the device has no room for it, and what would fit; `nil` where there is room.
  public let memoryProblem: String?
  /// The components whose weights are not there: a plan needs none, making a video does.
  public let missingWeights: [String]
  /// Whether frames are decoded in tiles.
  public let decodesInTiles: Bool
  /// The device, for example `cpu`.
  public let device: String
  /// The element type of activations, for example `float32`.
  public let numbers: String
  /// Threads of the processor.
  public let threads: Int

  /// What a person should know before the work begins, though it can begin.
  public var warnings: [String] { [image?.warning].compactMap { $0 } + promptWarnings }
}

/// The picture that a video begins with.
public struct ImagePlan: Hashable, Sendable, Codable {
  /// The name of the file, without its folders.
  public let name: String
  /// Columns of pixels of the upright picture.
  public let width: Int
  /// Rows of pixels of the upright picture.
  public let height: Int
  /// SHA-256 of the file, in hexadecimal digits.
  public let checksum: String
  /// What a person should know before the work begins: a picture whose shape is not that of the video.
  public let warning: String?

  /// Compares a picture with the video that begins with it.
  init(_ file: PictureFile, size: VideoSize) {
    name = (file.path as NSString).lastPathComponent
    (width, height, checksum) = (file.width, file.height, file.checksum)
    let (own, wanted) = (Double(width) / Double(height), Double(size.width) / Double(size.height))
    let stretch = max(own / wanted, wanted / own)
    warning =
      stretch > 1.1
      ? "\(name) is \(width)×\(height), the video \(size.width)×\(size.height): its shape is changed "
        + "by \(Figure.percent(stretch - 1)) to fit; crop the picture to the shape of the video to keep its proportions"
      : nil
  }
}

/// The arithmetic of the transformer over all steps, in floating-point operations; a multiply-add counts as two.
///
/// Both runs of classifier-free guidance count; embeddings, norms, softmax, the text encoder and the decoder do not. With 50
/// steps, all dense, CogVideoX 1.5 at 1360×768 with 81 frames takes 147.91 PFLOP (the paper: 147.87), HunyuanVideo at 1280×720
/// with 129 frames 603.42 PFLOP (the paper: 612.37, 1.5 % more). The authors count the same operations, over 120 000 tokens of
/// HunyuanVideo in place of 119 056: that is 612.379, of which they print two decimals without rounding. For CogVideoX they
/// do not say the number of tokens; 45 100 in place of 45 106 would be 147.877.
/// - SeeAlso: Table 1 of <https://arxiv.org/abs/2502.01776>; an author's example of the calculation,
///   <https://github.com/svg-project/Sparse-VideoGen/issues/22>.
public struct WorkPlan: Hashable, Sendable, Codable {
  /// Linear layers: `24 · S · (H·D)²` in each layer, for four projections and a feed-forward layer four times as wide.
  public let linear: Double
  /// Attention as planned: `4 · pairs · D` in each head, at the largest density that profiling may lead to.
  public let attention: Double
  /// Attention if every call were dense.
  public let denseAttention: Double

  /// Counts the work of a plan.
  init(model: ModelDescription, layout: TokenLayout, attention plan: AttentionPlan, runs: Int) {
    let width = Double(model.heads * model.headDimension)
    let layerRuns = Double(runs * model.layers)
    linear = 24 * Double(layout.sequenceLength) * width * width * layerRuns
    denseAttention = 4 * Double(plan.pairsPerHead) * width * layerRuns
    attention = denseAttention * plan.densityRange.upperBound
  }

  /// How much faster the transformer would be if time went with the operations.
  public var speedUpBound: Double { (linear + denseAttention) / (linear + attention) }
}

/// The memory that each phase holds at its peak, in bytes.
public struct MemoryPlan: Hashable, Sendable, Codable {
  /// A phase of a run.
  public struct Phase: Hashable, Sendable, Codable {
    /// For example `denoising`.
    public let name: String
    /// Weights that the configurations call for, in the form that the device multiplies.
    public let weights: Int
    /// Activations and results.
    public let activations: Int
    /// Both, and what the program itself holds.
    public let total: Int
  }

  /// The phases in order.
  public let phases: [Phase]

  /// The most that any phase holds.
  public var peak: Int { peakPhase?.total ?? 0 }

  /// The phase that holds the most.
  public var peakPhase: Phase? { phases.max { $0.total < $1.total } }
}
