import Attention
import Models

/// How a video was made, every setting included: written beside latents and into video files.
///
/// A record holds no times, no paths of results and no number of threads, none of which changes the video, so that the
/// same request makes the same record.
public struct GenerationRecord: Hashable, Sendable, Codable {
  /// The program and its version, for example `Sparse VideoGen 0.1.0`.
  public var software = "Sparse VideoGen \(sparseVideoGenVersion)"
  /// The model as the user named it.
  public var model: String
  /// The family of the model.
  public var family: String
  /// The prompt.
  public var prompt: String
  /// What the video should not show.
  public var negativePrompt: String
  /// The name of the picture that the video begins with, where there is one.
  public var image: String?
  /// SHA-256 of the picture's file, in hexadecimal digits.
  public var imageChecksum: String?
  /// Columns of pixels.
  public var width: Int
  /// Rows of pixels.
  public var height: Int
  /// Frames.
  public var frames: Int
  /// Frames per second.
  public var framesPerSecond: Int
  /// Denoising steps.
  public var steps: Int
  /// Guidance scale.
  public var guidance: Float
  /// The scale of classifier-free guidance beside an embedded one, where it was on.
  public var trueGuidance: Float?
  /// Whether guidance grew over the steps.
  public var dynamicGuidance: Bool
  /// Where the noise started.
  public var seed: UInt64
  /// `dense`, `svg`, `spatial` or `temporal`.
  public var attention: String
  /// What attention multiplied, where it was not what activations are held in.
  public var attentionNumbers: AttentionNumbers?
  /// The density that was asked for, where one was.
  public var targetDensity: Double?
  /// The width of the spatial band in frames, where it was given.
  public var bandFrames: Double?
  /// The width of the temporal band in tokens, where it was given.
  public var bandTokens: Double?
  /// Dense steps as they were asked for, for example `25%`.
  public var denseSteps: String?
  /// Dense layers as they were asked for.
  public var denseLayers: String?
  /// Sampled rows as they were asked for.
  public var profiledRows: String?
  /// The fraction of the query-key pairs that was really computed, over all steps, layers and heads.
  public var density: Double?
  /// Whether frames are decoded in tiles.
  public var tiles: DecodingTiles
  /// The device.
  public var device: String
  /// The element type of activations.
  public var numbers: String

  /// Records a request whose open choices were made.
  init(_ request: GenerationRequest, plan: GenerationPlan, model: String) {
    self.model = model
    family = plan.model.family
    prompt = request.prompt
    negativePrompt = request.negativePrompt
    image = plan.image?.name
    imageChecksum = plan.image?.checksum
    width = plan.size.width
    height = plan.size.height
    frames = plan.size.frames
    framesPerSecond = plan.framesPerSecond
    steps = plan.steps
    guidance = plan.guidance
    trueGuidance = plan.trueGuidance
    dynamicGuidance = request.usesDynamicGuidance
    seed = request.seed
    attention = request.attention.name
    if request.attentionNumbers != .activations { attentionNumbers = request.attentionNumbers }
    if let settings = request.attention.settings {
      switch settings.bandWidth {
      case .density(let density): targetDensity = density
      case .explicit(let frames, let tokens): (bandFrames, bandTokens) = (frames, tokens)
      }
      denseSteps = settings.denseSteps.description
      denseLayers = settings.denseLayers.description
      if settings.patternChoice == .profiled { profiledRows = settings.profiledRows.description }
    }
    tiles = request.tiles
    device = plan.device
    numbers = plan.numbers
  }

  /// Records what is known of latents that came without a manifest.
  init(size: VideoSize, model: String, description: ModelDescription, numbers: String) {
    self.model = model
    family = description.family
    prompt = ""
    negativePrompt = ""
    width = size.width
    height = size.height
    frames = size.frames
    framesPerSecond = description.framesPerSecond
    steps = 0
    guidance = 0
    dynamicGuidance = false
    seed = 0
    attention = "unknown"
    tiles = .automatic
    device = "cpu"
    self.numbers = numbers
  }
}
