import Attention
import Models

/// A video to make.
///
/// What is `nil` is chosen by the model: its default size, steps, guidance and frames per second.
public struct GenerationRequest: Hashable, Sendable {
  /// What the video shows.
  public var prompt: String
  /// What the video should not show; guidance leads away from it. Usually empty.
  public var negativePrompt: String
  /// The picture that the video begins with, a PNG, JPEG or WebP file; image-to-video models need one, others take none.
  public var imagePath: String?
  /// Columns of pixels.
  public var width: Int?
  /// Rows of pixels.
  public var height: Int?
  /// Frames.
  public var frames: Int?
  /// Denoising steps.
  public var steps: Int?
  /// How strongly the video follows the prompt; 1 does without guidance, which halves the work of models that are not told
  /// the scale.
  public var guidance: Float?
  /// The scale of classifier-free guidance for models that are told the guidance scale, on top of that; it doubles the
  /// work, and leads away from the negative prompt. Off when `nil` or 1.
  public var trueGuidance: Float?
  /// Whether guidance grows over the steps, as the authors of CogVideoX do.
  public var usesDynamicGuidance: Bool
  /// Where the noise starts: the same seed gives the noise of `torch.randn` on PyTorch's CPU generator.
  public var seed: UInt64
  /// Frames shown in a second; does not change the frames.
  public var framesPerSecond: Int?
  /// How the transformer attends.
  public var attention: AttentionChoice
  /// What attention multiplies.
  public var attentionNumbers: AttentionNumbers
  /// Whether frames are decoded in tiles.
  public var tiles: DecodingTiles
  /// Whether the result tells which pattern every head took at every step.
  public var tracesHeads: Bool
  /// Where the latents are saved before they are decoded, with a manifest beside them; `nil` saves nothing.
  public var latentsPath: String?

  /// Creates a request.
  public init(
    prompt: String, negativePrompt: String = "", imagePath: String? = nil, width: Int? = nil, height: Int? = nil,
    frames: Int? = nil, steps: Int? = nil, guidance: Float? = nil, trueGuidance: Float? = nil,
    usesDynamicGuidance: Bool = false, seed: UInt64 = 0,
    framesPerSecond: Int? = nil, attention: AttentionChoice = .sparseVideoGen(),
    attentionNumbers: AttentionNumbers = .activations, tiles: DecodingTiles = .automatic, tracesHeads: Bool = false,
    latentsPath: String? = nil
  ) {
    self.prompt = prompt
    self.negativePrompt = negativePrompt
    self.imagePath = imagePath
    self.width = width
    self.height = height
    self.frames = frames
    self.steps = steps
    self.guidance = guidance
    self.trueGuidance = trueGuidance
    self.usesDynamicGuidance = usesDynamicGuidance
    self.seed = seed
    self.framesPerSecond = framesPerSecond
    self.attention = attention
    self.attentionNumbers = attentionNumbers
    self.tiles = tiles
    self.tracesHeads = tracesHeads
    self.latentsPath = latentsPath
  }
}
