import Attention
import Checkpoint
import Compute
import Tensor

/// A text- or image-to-video model in a directory: its networks, each loaded when it is needed and released after.
///
/// A new family of models is a folder with one type that conforms to this protocol, and one line in
/// ``VideoModelRegistry``.
public protocol VideoModel: Sendable {
  /// The pipeline classes of `model_index.json` that the type reads, for example `CogVideoXPipeline`.
  static var pipelineClasses: [String] { get }

  /// Reads the configurations of a directory; no weights.
  /// - Throws: `CheckpointError` or ``ModelError`` when one is missing, malformed or not supported.
  init(directory: ModelDirectory) throws

  /// What is fixed about the model, for plans, reports and defaults.
  var description: ModelDescription { get }

  /// The networks, from their configurations; no weights are read.
  var networks: [ModelNetwork] { get }

  /// Which sizes the model can make.
  var sizeRule: SizeRule { get }

  /// How the noise of a seed becomes the first latents.
  var noiseOrder: NoiseOrder { get }

  /// Where the tokens of a video of this size lie.
  /// - Precondition: `size` is legal.
  func layout(for size: VideoSize) -> TokenLayout

  /// The shape of the latents that are denoised for a video of this size: `[1, F', C, h, w]`.
  /// - Precondition: `size` is legal.
  func latentShape(for size: VideoSize) -> Shape

  /// The part of denoised latents that is decoded: a view without the frames that only pad them.
  /// - Parameter latents: Of the shape that ``latentShape(for:)`` says.
  func decodableLatents(_ latents: Tensor, for size: VideoSize) -> Tensor

  /// The memory that a phase takes beside the weights and the result, in bytes; an estimate for plans.
  /// - Parameter activations: The element type of activations.
  /// - Precondition: `size` is legal.
  func workingBytes(_ phase: WorkPhase, for size: VideoSize, activations: ElementType) -> Int

  /// The shape of what a prompt becomes.
  var conditionShape: ConditionShape { get }

  /// How often all frames are in memory when the last of them are decoded: twice where parts are joined at the end.
  var decodedFrameCopies: Int { get }

  /// How the model takes the image that a video begins with: it needs one; `nil` when it takes none.
  var imageConditioning: (any ImageConditioning)? { get }

  /// Compares what the headers of a network's files say with what the network needs: the name, the shape and the element
  /// type of every tensor. Reads no weights.
  /// - Parameter component: Of one of ``networks``.
  /// - Throws: `CheckpointError` that names the file, the tensor and both shapes.
  func checkWeights(of component: String) throws

  /// Reads the tokenizers and lets go of them.
  /// - Throws: `CheckpointError` or `TokenizerError` that names the file, ``ModelError`` for one that does not go with its
  ///   text encoder.
  func checkTokenizers() throws

  /// Loads the text encoder.
  func loadTextEncoder(on device: any ComputeDevice) throws -> any TextEncoder

  /// Loads the transformer.
  func loadDenoiser(on device: any ComputeDevice) throws -> any Denoiser

  /// Loads the decoder of the variational autoencoder.
  func loadDecoder(on device: any ComputeDevice) throws -> any FrameDecoder
}

extension VideoModel {
  /// Frame by frame.
  public var noiseOrder: NoiseOrder { .framesFirst }

  /// Twice.
  public var decodedFrameCopies: Int { 2 }
}

/// In which order noise is drawn into latents: that of the pipeline in diffusers, so that one seed gives one video.
public enum NoiseOrder: Hashable, Sendable {
  /// As latents lie in memory here: all channels of a frame, then the next frame.
  case framesFirst
  /// All frames of a channel, then the next channel.
  case channelsFirst
}

/// What is fixed about a model.
public struct ModelDescription: Hashable, Sendable, Codable {
  /// For example `CogVideoX`.
  public var family: String
  /// `L`: layers of the transformer.
  public var layers: Int
  /// `H`: heads of each layer.
  public var heads: Int
  /// `D`: head dimension.
  public var headDimension: Int
  /// What is made when the user does not say: size, steps, guidance and frames per second.
  public var defaultSize: VideoSize
  /// Denoising steps when the user does not say.
  public var defaultSteps: Int
  /// Guidance scale when the user does not say.
  public var defaultGuidance: Float
  /// What the guidance scale does.
  public var guidanceKind: GuidanceKind
  /// Frames per second that the model was trained for.
  public var framesPerSecond: Int
  /// Bytes of the weights on disk, by component: `text_encoder`, `transformer`, `vae`.
  public var weightBytes: [String: Int]

  /// Creates a description.
  public init(
    family: String, layers: Int, heads: Int, headDimension: Int, defaultSize: VideoSize, defaultSteps: Int,
    defaultGuidance: Float, guidanceKind: GuidanceKind = .classifierFree, framesPerSecond: Int,
    weightBytes: [String: Int]
  ) {
    self.family = family
    self.layers = layers
    self.heads = heads
    self.headDimension = headDimension
    self.defaultSize = defaultSize
    self.defaultSteps = defaultSteps
    self.defaultGuidance = defaultGuidance
    self.guidanceKind = guidanceKind
    self.framesPerSecond = framesPerSecond
    self.weightBytes = weightBytes
  }

  /// The size of a video of which a part may be given: what is `nil` is the model's own.
  public func size(width: Int?, height: Int?, frames: Int?) -> VideoSize {
    VideoSize(
      width: width ?? defaultSize.width, height: height ?? defaultSize.height, frames: frames ?? defaultSize.frames)
  }
}

/// What a model does with the guidance scale.
public enum GuidanceKind: String, Hashable, Sendable, Codable {
  /// The transformer runs with and without the prompt, and the difference is scaled.
  case classifierFree
  /// The transformer is told the scale and runs once; classifier-free guidance is possible on top of it.
  case embedded
}

/// What a prompt became.
public struct TextCondition: Sendable {
  /// `[T, C]`, activations of the device.
  public let states: Tensor
  /// `[C]`, activations of the device: one state for the whole prompt, where the model has such.
  public let pooled: Tensor?
  /// Tokens that are attended, from the first; the rest is padding that the model does not see.
  public let validTokens: Int
  /// How many tokens of the prompt did not fit and were left out.
  public let truncatedTokens: Int
  /// The end of the prompt that was left out; empty when all of it fits.
  public let truncatedText: String

  /// Creates a condition.
  public init(
    states: Tensor, pooled: Tensor? = nil, validTokens: Int, truncatedTokens: Int = 0, truncatedText: String = ""
  ) {
    self.states = states
    self.pooled = pooled
    self.validTokens = validTokens
    self.truncatedTokens = truncatedTokens
    self.truncatedText = truncatedText
  }
}

/// The shape of a ``TextCondition``.
public struct ConditionShape: Hashable, Sendable {
  /// `T`: tokens, padding included.
  public let tokens: Int
  /// `C`: numbers of a state.
  public let width: Int
  /// Numbers of the state of the whole prompt, where the model has such.
  public let pooledWidth: Int?

  /// Creates a shape.
  public init(tokens: Int, width: Int, pooledWidth: Int?) {
    self.tokens = tokens
    self.width = width
    self.pooledWidth = pooledWidth
  }
}

/// Turns a prompt into what the transformer is conditioned on.
public protocol TextEncoder: Sendable {
  /// Encodes one prompt.
  /// - Throws: What the device throws.
  func encode(_ prompt: String) throws -> TextCondition
}

/// What the transformer sees of one sample in one step.
public struct DenoiserInput: Sendable {
  /// `[1, F', C, h, w]`, float32, in the processor's memory.
  public let latents: Tensor
  /// The training timestep.
  public let timestep: Float
  /// What the prompt became.
  public let text: TextCondition
  /// The guidance scale that the transformer is told, where it takes one.
  public let guidance: Float?
  /// What an image-to-video model sees of its image: `[1, F', C, h, w]`, float32, in the processor's memory.
  public let image: Tensor?

  /// Creates an input.
  public init(
    latents: Tensor, timestep: Float, text: TextCondition, guidance: Float? = nil, image: Tensor? = nil
  ) {
    self.latents = latents
    self.timestep = timestep
    self.text = text
    self.guidance = guidance
    self.image = image
  }
}

/// Predicts what to take away from noisy latents: the transformer.
public protocol Denoiser: Sendable {
  /// Gives the device the work of the transformer on one sample; nothing waits for the result.
  /// - Parameters:
  ///   - attention: The mechanism for every layer.
  ///   - step: The denoising step, for the mechanism's schedule.
  ///   - sample: The sample of the batch.
  /// - Throws: What the device throws, and `CancellationError` between layers when the task is canceled.
  func predict(
    _ input: DenoiserInput, attention: any AttentionMechanism, step: Int, sample: Int
  ) throws -> PendingPrediction
}

/// A prediction that the device may still be at work on.
public struct PendingPrediction: Sendable {
  private let read: @Sendable () throws -> Tensor

  /// Creates a prediction.
  /// - Parameter read: Fetches it; may wait for the device.
  public init(_ read: @escaping @Sendable () throws -> Tensor) {
    self.read = read
  }

  /// The prediction, of the shape of the input's latents, float32, in the processor's memory; waits for the device
  /// where it must. Best read when the device has everything that a step asks of it.
  /// - Throws: What the device throws.
  public func resolved() throws -> Tensor { try read() }
}

/// How decoding is split to save memory.
public enum DecodingTiles: String, Hashable, Sendable, Codable, CaseIterable {
  /// In tiles where the whole frame would not fit the memory that is free.
  case automatic
  /// Whole frames at once.
  case off
  /// In overlapping tiles that are blended.
  case on
}

/// Turns latents into frames: the decoder of the variational autoencoder.
public protocol FrameDecoder: Sendable {
  /// Decodes a video.
  /// - Parameters:
  ///   - latents: `[1, F', C, h, w]`, float32, in the processor's memory.
  ///   - tiled: Whether to decode in overlapping tiles.
  ///   - progress: Called with the fraction that is done.
  /// - Returns: `[F, height, width, 3]`, float32, in the processor's memory, RGB from 0 to 1.
  /// - Throws: ``ModelError`` for latents that do not fit or are not finite, and what the device throws;
  ///   `CancellationError` when the task is canceled.
  func decode(_ latents: Tensor, tiled: Bool, progress: (Double) -> Void) throws -> Tensor
}
