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
  public let schedulerConfiguration: SchedulerConfiguration

  /// Reads the configurations of a model; no weights.
  /// - Throws: `CheckpointError`, `ModelError` or ``DiffusionError`` for a directory, a configuration or a class that
  ///   cannot be used, naming the file.
  public init(directory: ModelDirectory, device: any ComputeDevice) throws {
    self.device = device
    model = try VideoModelRegistry.model(in: directory)
    schedulerConfiguration = try SchedulerConfiguration(directory)
  }

  /// Brings together what is known already.
  package init(model: any VideoModel, device: any ComputeDevice, schedulerConfiguration: SchedulerConfiguration) {
    self.model = model
    self.device = device
    self.schedulerConfiguration = schedulerConfiguration
  }

  /// Encodes prompts; the text encoder is loaded for it and freed after it.
  /// - Returns: A condition for each prompt.
  /// - Throws: `CheckpointError` for weights that cannot be read, what the tokenizer and the device throw, and
  ///   `CancellationError` when the task is canceled.
  public func encode(_ prompts: [String]) throws -> [TextCondition] {
    let encoder = try model.loadTextEncoder(on: device)
    return try prompts.map(encoder.encode)
  }

  /// Prepares a run.
  /// - Parameters:
  ///   - denoiser: From the model's `loadDenoiser(on:)`.
  ///   - size: The size of the video.
  ///   - attention: The mechanism for every layer, made for this run's number of steps.
  /// - Throws: `ModelError` for a size that the model cannot make, ``DiffusionError`` for a number of steps that the
  ///   scheduler cannot take.
  public func denoising(
    with denoiser: any Denoiser, conditions: DenoisingLoop.Conditions, size: VideoSize, steps: Int,
    guidance: Guidance, seed: UInt64, attention: any AttentionMechanism
  ) throws -> DenoisingLoop {
    try model.sizeRule.check(size)
    return DenoisingLoop(
      denoiser: denoiser, scheduler: try schedulerConfiguration.makeScheduler(steps: steps), conditions: conditions,
      guidance: guidance, shape: model.latentShape(for: size), seed: seed, attention: attention)
  }
}
