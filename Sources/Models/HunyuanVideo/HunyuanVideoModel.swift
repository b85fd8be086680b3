import Attention
import Checkpoint
import Compute
import Foundation
import Tensor

/// HunyuanVideo, text to video, in a diffusers directory.
///
/// - SeeAlso: "HunyuanVideo: A Systematic Framework For Large Video Generative Models",
///   <https://arxiv.org/abs/2412.03603>.
public struct HunyuanVideoModel: VideoModel {
  /// `HunyuanVideoPipeline`.
  public static var pipelineClasses: [String] { ["HunyuanVideoPipeline"] }

  private let directory: ModelDirectory
  let transformer: HunyuanVideoTransformerConfiguration
  let autoencoder: HunyuanVideoAutoencoderConfiguration
  let text: HunyuanVideoTextConfigurations
  private let defaults: GenerationDefaults

  /// Reads the configurations.
  public init(directory: ModelDirectory) throws {
    self.directory = directory
    transformer = try directory.configuration(
      of: "transformer", className: "HunyuanVideoTransformer3DModel", as: HunyuanVideoTransformerConfiguration.self)
    autoencoder = try directory.configuration(
      of: "vae", className: "AutoencoderKLHunyuanVideo", as: HunyuanVideoAutoencoderConfiguration.self)
    text = try HunyuanVideoTextEncoder.configurations(in: directory)
    defaults = try GenerationDefaults(directory)
    try check()
  }

  /// Checks that the networks fit together.
  private func check() throws {
    try require(
      transformer.inputChannels == autoencoder.latentChannels
        && transformer.outputChannels == autoencoder.latentChannels,
      "the transformer's in_channels \(transformer.inputChannels) and out_channels \(transformer.outputChannels) must "
        + "be the autoencoder's latent_channels \(autoencoder.latentChannels) in a text-to-video model")
    try require(
      transformer.textWidth == text.stateWidth,
      "the transformer's text_embed_dim \(transformer.textWidth) must be the hidden_size \(text.stateWidth) of "
        + "text_encoder")
    try require(
      transformer.pooledWidth == text.pooledWidth,
      "the transformer's pooled_projection_dim \(transformer.pooledWidth) must be the hidden_size "
        + "\(text.pooledWidth) of text_encoder_2")
    try require(
      transformer.framePatchSize == 1,
      "the transformer's patch_size_t must be 1, not \(transformer.framePatchSize)")
  }

  /// Pixels of a token, in height and width.
  private var pixelMultiple: Int { autoencoder.spatialCompression * transformer.patchSize }

  /// What is fixed about the model.
  ///
  /// It was trained at 24 frames per second, and its authors write videos so; the example of diffusers writes 15, which
  /// shows the same frames in slow motion.
  public var description: ModelDescription {
    ModelDescription(
      family: "HunyuanVideo", layers: transformer.layers, heads: transformer.heads,
      headDimension: transformer.headDimension, defaultSize: VideoSize(width: 1280, height: 720, frames: 129),
      defaultSteps: defaults.steps ?? 50, defaultGuidance: defaults.guidance ?? 6,
      guidanceKind: transformer.embedsGuidance ? .embedded : .classifierFree,
      framesPerSecond: defaults.framesPerSecond ?? 24,
      weightBytes: Dictionary(
        uniqueKeysWithValues: networks.map { ($0.component, directory.weightBytes(of: $0.component)) }))
  }

  /// Which sizes the model can make.
  public var sizeRule: SizeRule {
    SizeRule(pixelMultiple: pixelMultiple, frameMultiple: autoencoder.temporalCompression)
  }

  /// diffusers draws the noise of all frames channel by channel.
  public var noiseOrder: NoiseOrder { .channelsFirst }

  /// Once: pieces of time are written into the whole as they are made.
  public var decodedFrameCopies: Int { 1 }

  /// Where the tokens of a video lie; the text is as long as a prompt may be.
  public func layout(for size: VideoSize) -> TokenLayout {
    TokenLayout(
      frames: latentFrames(size), tokensPerFrame: size.height / pixelMultiple * (size.width / pixelMultiple),
      textTokens: text.maximumTokens, textPlacement: .last)
  }

  func latentFrames(_ size: VideoSize) -> Int { (size.frames - 1) / autoencoder.temporalCompression + 1 }

  /// The latents that are denoised.
  public func latentShape(for size: VideoSize) -> Shape {
    [
      1, latentFrames(size), transformer.inputChannels, size.height / autoencoder.spatialCompression,
      size.width / autoencoder.spatialCompression,
    ]
  }

  /// All of the latents.
  public func decodableLatents(_ latents: Tensor, for size: VideoSize) -> Tensor { latents }

  /// States and one vector of the prompt.
  public var conditionShape: ConditionShape {
    ConditionShape(tokens: text.maximumTokens, width: text.stateWidth, pooledWidth: text.pooledWidth)
  }

  /// Compares the headers of a network's files with what it needs.
  public func checkWeights(of component: String) throws {
    let weights = LayerLoader(checking: try directory.weights(of: component))
    switch component {
    case "text_encoder":
      _ = try LlamaEncoder(text.llama, skippedLayers: HunyuanVideoPrompt.skippedLayers, weights: weights)
    case "text_encoder_2": _ = try CLIPTextEncoder(text.clip, weights: weights)
    case "transformer": _ = try HunyuanVideoTransformer(transformer, weights: weights)
    default: _ = try HunyuanVideoDecoder(autoencoder, weights: weights)
    }
  }

  /// Reads both tokenizers.
  public func checkTokenizers() throws {
    _ = try HunyuanVideoTokenizers(directory: directory, configurations: text)
  }

  /// Loads the text encoders.
  public func loadTextEncoder(on device: any ComputeDevice) throws -> any TextEncoder {
    try HunyuanVideoTextEncoder(directory: directory, device: device)
  }

  /// Loads the transformer.
  public func loadDenoiser(on device: any ComputeDevice) throws -> any Denoiser {
    try HunyuanVideoTransformer(transformer, weights: weights(of: "transformer", on: device))
  }

  /// Loads the decoder.
  public func loadDecoder(on device: any ComputeDevice) throws -> any FrameDecoder {
    try HunyuanVideoDecoder(autoencoder, weights: weights(of: "vae", on: device))
  }

  private func weights(of component: String, on device: any ComputeDevice) throws -> LayerLoader {
    LayerLoader(device: device, scope: try directory.weights(of: component))
  }
}
