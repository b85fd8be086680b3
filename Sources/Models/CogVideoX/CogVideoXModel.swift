import Attention
import Checkpoint
import Compute
import Foundation
import Tensor
import Tokenizer

/// A model of the CogVideoX family, 1.0 (2B and 5B) and 1.5, text- or image-to-video, in a diffusers directory.
public struct CogVideoXModel: VideoModel {
  /// `CogVideoXPipeline` and `CogVideoXImageToVideoPipeline`.
  public static var pipelineClasses: [String] { ["CogVideoXPipeline", imagePipeline] }

  private static let imagePipeline = "CogVideoXImageToVideoPipeline"

  private let directory: ModelDirectory
  let transformer: CogVideoXTransformerConfiguration
  let autoencoder: CogVideoXAutoencoderConfiguration
  let textEncoder: T5Configuration
  private let defaults: GenerationDefaults

  /// Reads the configurations.
  public init(directory: ModelDirectory) throws {
    self.directory = directory
    transformer = try directory.configuration(
      of: "transformer", className: "CogVideoXTransformer3DModel", as: CogVideoXTransformerConfiguration.self)
    autoencoder = try directory.configuration(
      of: "vae", className: "AutoencoderKLCogVideoX", as: CogVideoXAutoencoderConfiguration.self)
    textEncoder = try directory.configuration(
      of: "text_encoder", className: "T5EncoderModel", as: T5Configuration.self)
    defaults = try GenerationDefaults(directory)
    try check()
  }

  /// Checks that the networks fit together.
  private func check() throws {
    // An image-to-video model sees the latents of the image beside the noisy ones.
    let inputs = autoencoder.latentChannels * (takesImage ? 2 : 1)
    try require(
      transformer.inputChannels == inputs
        && transformer.outputChannels == autoencoder.latentChannels,
      "the transformer's in_channels \(transformer.inputChannels) and out_channels \(transformer.outputChannels) must "
        + "be \(inputs) and \(autoencoder.latentChannels) in \(takesImage ? "an image" : "a text")-to-video model whose "
        + "autoencoder has latent_channels \(autoencoder.latentChannels)")
    try require(
      transformer.textWidth == textEncoder.modelWidth,
      "the transformer's text_embed_dim \(transformer.textWidth) must be the text encoder's d_model "
        + "\(textEncoder.modelWidth)")
    try require(
      transformer.temporalCompression == autoencoder.temporalCompression,
      "the transformer's temporal_compression_ratio \(transformer.temporalCompression) must be the autoencoder's "
        + "\(autoencoder.temporalCompression)")
  }

  private var takesImage: Bool { directory.pipelineClass == Self.imagePipeline }

  /// How the model takes an image; `nil` for text-to-video models.
  public var imageConditioning: (any ImageConditioning)? {
    takesImage ? CogVideoXImageConditioning(model: self) : nil
  }

  /// Pixels of a token, in height and width.
  private var pixelMultiple: Int { autoencoder.spatialCompression * transformer.patchSize }

  private var sampleSize: VideoSize {
    VideoSize(
      width: transformer.sampleWidth * autoencoder.spatialCompression,
      height: transformer.sampleHeight * autoencoder.spatialCompression, frames: transformer.sampleFrames)
  }

  /// What is fixed about the model.
  public var description: ModelDescription {
    let isLater = transformer.framePatchSize != nil
    // Version 1.5 was trained on a grid of 300×300 latents, of which every video uses a part.
    let size =
      isLater && transformer.sampleWidth == transformer.sampleHeight && transformer.sampleWidth > 170
      ? VideoSize(width: 1360, height: 768, frames: transformer.sampleFrames) : sampleSize
    return ModelDescription(
      family: isLater ? "CogVideoX 1.5" : "CogVideoX", layers: transformer.layers, heads: transformer.heads,
      headDimension: transformer.headDimension, defaultSize: size, defaultSteps: defaults.steps ?? 50,
      defaultGuidance: defaults.guidance ?? 6, framesPerSecond: defaults.framesPerSecond ?? (isLater ? 16 : 8),
      weightBytes: Dictionary(
        uniqueKeysWithValues: ["text_encoder", "transformer", "vae"].map { ($0, directory.weightBytes(of: $0)) }))
  }

  /// Which sizes the model can make.
  public var sizeRule: SizeRule {
    SizeRule(
      pixelMultiple: pixelMultiple, frameMultiple: autoencoder.temporalCompression,
      largest: transformer.framePatchSize == nil ? nil : sampleSize,
      onlySize: transformer.hasLearnedPositions ? sampleSize : nil)
  }

  /// Latent frames that the transformer sees: padded to whole tokens.
  private func latentFrames(_ size: VideoSize) -> Int {
    let frames = decodedLatentFrames(size)
    let multiple = transformer.framesPerToken
    return (frames + multiple - 1) / multiple * multiple
  }

  private func decodedLatentFrames(_ size: VideoSize) -> Int {
    (size.frames - 1) / autoencoder.temporalCompression + 1
  }

  /// Where the tokens of a video lie.
  public func layout(for size: VideoSize) -> TokenLayout {
    TokenLayout(
      frames: latentFrames(size) / transformer.framesPerToken,
      tokensPerFrame: size.height / pixelMultiple * (size.width / pixelMultiple),
      textTokens: transformer.textTokens, textPlacement: .first)
  }

  /// The latents that are denoised; version 1.5 pads them to whole tokens in front.
  public func latentShape(for size: VideoSize) -> Shape {
    [
      1, latentFrames(size), autoencoder.latentChannels, size.height / autoencoder.spatialCompression,
      size.width / autoencoder.spatialCompression,
    ]
  }

  /// The latents without the frames that pad them.
  public func decodableLatents(_ latents: Tensor, for size: VideoSize) -> Tensor {
    let padding = latents.shape[1] - decodedLatentFrames(size)
    let frames = latents.reshaped(Shape(Array(latents.shape.dimensions.dropFirst()))).slice(padding..<latents.shape[1])
    return frames.reshaped(Shape([1] + frames.shape.dimensions))
  }

  /// Compares the headers of a network's files with what it needs.
  public func checkWeights(of component: String) throws {
    let weights = LayerLoader(checking: try scope(of: component))
    switch component {
    case "text_encoder": _ = try T5Encoder(textEncoder, weights: weights)
    case "transformer": _ = try CogVideoXTransformer(transformer, weights: weights)
    default:
      _ = try CogVideoXDecoder(autoencoder, weights: weights)
      if takesImage { _ = try CogVideoXEncoder(autoencoder, weights: weights) }
    }
  }

  /// Reads the tokenizer.
  public func checkTokenizers() throws { _ = try makeTokenizer() }

  private func makeTokenizer() throws -> T5Tokenizer {
    try T5Tokenizer(folder: directory.component("tokenizer", oneOf: T5TextEncoder.tokenizers).folder)
  }

  /// Loads the text encoder.
  public func loadTextEncoder(on device: any ComputeDevice) throws -> any TextEncoder {
    // The tokenizer first: it is quick, and what is wrong with it need not wait for gigabytes.
    let tokenizer = try makeTokenizer()
    let encoder = try T5Encoder(textEncoder, weights: weights(of: "text_encoder", on: device))
    return T5TextEncoder(encoder: encoder, tokenizer: tokenizer, maximumTokens: transformer.textTokens)
  }

  /// States of the prompt.
  public var conditionShape: ConditionShape {
    ConditionShape(tokens: transformer.textTokens, width: transformer.textWidth, pooledWidth: nil)
  }

  /// Loads the transformer.
  public func loadDenoiser(on device: any ComputeDevice) throws -> any Denoiser {
    try CogVideoXTransformer(transformer, weights: weights(of: "transformer", on: device))
  }

  /// Loads the decoder.
  public func loadDecoder(on device: any ComputeDevice) throws -> any FrameDecoder {
    try CogVideoXDecoder(autoencoder, weights: weights(of: "vae", on: device))
  }

  func weights(of component: String, on device: any ComputeDevice) throws -> LayerLoader {
    LayerLoader(device: device, scope: try scope(of: component))
  }

  private func scope(of component: String) throws -> WeightScope { try directory.weights(of: component) }
}
