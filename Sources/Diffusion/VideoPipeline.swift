import Attention
import Checkpoint
import Compute
import Models
import Tensor

/// A model and the device it runs on: from prompts to conditions, from noise to latents, from latents to frames.
///
/// Each network is loaded when it is asked for and freed when the caller lets go of it, so that text encoder,
/// transformer and decoder need not be in memory together.
public struct VideoPipeline: Sendable {
  /// The model.
  public let model: any VideoModel
  /// Where it runs.
  public let device: any ComputeDevice
  /// How steps are taken.
  public let schedulerSettings: any SchedulerSettings
  /// The words that the model was trained on, if it was on few.
  public let promptWords: PromptWords?

  /// Reads the configurations of a model; no weights.
  /// - Throws: `CheckpointError`, `ModelError` or ``DiffusionError`` for a directory, a configuration or a class that
  ///   cannot be used, naming the file.
  public init(directory: ModelDirectory, device: any ComputeDevice) throws {
    self.device = device
    model = try VideoModelRegistry.model(in: directory)
    schedulerSettings = try directory.schedulerSettings()
    promptWords = try PromptWords.read(directory)
  }

  /// Brings together what is known already.
  package init(model: any VideoModel, device: any ComputeDevice, schedulerSettings: any SchedulerSettings) {
    self.model = model
    self.device = device
    self.schedulerSettings = schedulerSettings
    promptWords = nil
  }

  /// Encodes images, each of the size of its video; the encoder is loaded for it and freed after it.
  /// - Parameter images: `[height, width, 3]`, float32, RGB from 0 to 1, each with whether to encode it in tiles.
  /// - Throws: `CheckpointError` for weights that cannot be read, `ModelError` for latents that are not finite, what the
  ///   device throws, and `CancellationError` when the task is canceled.
  /// - Precondition: The model takes an image.
  public func encode(_ images: [(picture: Tensor, tiled: Bool)]) throws -> [ImagePosterior] {
    guard let conditioning = model.imageConditioning else { preconditionFailure("the model takes no image") }
    let encoder = try conditioning.loadImageEncoder(on: device)
    return try images.map { try encoder.encode($0.picture, tiled: $0.tiled) }
  }

  /// Prepares a run.
  /// - Parameters:
  ///   - denoiser: From the model's `loadDenoiser(on:)`.
  ///   - size: The size of the video.
  ///   - attention: The mechanism for every layer, made for this run's number of steps.
  /// - Precondition: There is an image among the conditions iff the model takes one.
  /// - Throws: `ModelError` for a size that the model cannot make, ``DiffusionError`` for a number of steps that the
  ///   scheduler cannot take.
  public func denoising(
    with denoiser: any Denoiser, conditions: DenoisingLoop.Conditions, size: VideoSize, steps: Int,
    guidance: Guidance, seed: UInt64, attention: any AttentionMechanism
  ) throws -> DenoisingLoop {
    try model.sizeRule.check(size)
    let conditioning = model.imageConditioning
    precondition((conditioning != nil) == (conditions.image != nil), "an image-to-video model needs its image")
    return DenoisingLoop(
      denoiser: denoiser, scheduler: try schedulerSettings.makeScheduler(steps: steps), conditions: conditions,
      guidance: guidance, shape: model.latentShape(for: size), noiseOrder: model.noiseOrder, seed: seed,
      attention: attention, placeImage: { conditioning?.latents($0, for: size) ?? $0 })
  }
}
