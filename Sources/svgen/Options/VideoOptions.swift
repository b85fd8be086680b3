import ArgumentParser
import SparseVideoGen

/// What the video shows and how it is made.
struct VideoOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: "What the video shows.")
  var prompt: String?

  @Option(parsing: .unconditional, help: "What the video should not show.")
  var negativePrompt = ""

  @Option(
    help: "The picture that the video begins with, for image-to-video models: PNG, JPEG or WebP.",
    transform: OptionValue.name)
  var image: String?

  @OptionGroup
  var size: SizeOptions

  @Option(parsing: .unconditional, help: "Denoising steps. (default: the model's)", transform: OptionValue.integer)
  var steps: Int?

  @Option(
    parsing: .unconditional,
    help: "How strongly the video follows the prompt; 1 turns guidance off. (default: the model's)",
    transform: OptionValue.number)
  var guidance: Double?

  @Option(
    parsing: .unconditional,
    help:
      "Classifier-free guidance for models that are told --guidance, such as HunyuanVideo: leads away from the negative prompt, doubles the work. (default: 1, off)",
    transform: OptionValue.number)
  var trueGuidance: Double?

  @Flag(help: "Let guidance vary over the steps, as the CogVideoX authors do.")
  var dynamicGuidance = false

  @Option(
    parsing: .unconditional, help: "Where the noise starts; the noise is that of torch.randn on a CPU. (default: 0)",
    transform: OptionValue.seed)
  var seed: UInt64?

  @Option(
    parsing: .unconditional, help: "Frames shown in a second. (default: the model's)", transform: OptionValue.integer)
  var fps: Int?

  @Option(help: "Decode frames in tiles, which takes less memory: auto, on or off.")
  var tiling: TileName = .auto

  /// The request that the options describe.
  /// - Parameters:
  ///   - prompt: The prompt, where it does not come from `--prompt`.
  ///   - attention: How the transformer attends.
  ///   - numbers: What attention multiplies.
  func request(
    prompt: String? = nil, attention: AttentionChoice, numbers: AttentionNumbers = .activations
  ) -> GenerationRequest {
    GenerationRequest(
      prompt: prompt ?? self.prompt ?? "", negativePrompt: negativePrompt, imagePath: image, width: size.width,
      height: size.height, frames: size.frames, steps: steps, guidance: guidance.map(Float.init),
      trueGuidance: trueGuidance.map(Float.init),
      usesDynamicGuidance: dynamicGuidance, seed: seed ?? 0,
      framesPerSecond: fps, attention: attention, attentionNumbers: numbers, tiles: tiling.tiles)
  }
}
