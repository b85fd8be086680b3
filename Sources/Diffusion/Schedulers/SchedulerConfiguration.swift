import Checkpoint
import Foundation

/// A `scheduler_config.json` of the classes that diffusers has for CogVideoX.
///
/// Values that are missing are those that diffusers assumes. Keys that neither class uses when it takes steps
/// (`clip_sample`, `clip_sample_range`, `sample_max_value`) are not read: unlike other schedulers of diffusers these
/// two never clip.
public struct SchedulerConfiguration: Hashable, Sendable {
  /// Which rule takes the steps.
  public enum Method: String, Hashable, Sendable, CaseIterable {
    /// Denoising diffusion implicit models: no noise is added.
    case ddim = "CogVideoXDDIMScheduler"
    /// The second-order multistep DPM-Solver++, in its stochastic form.
    case dpm = "CogVideoXDPMScheduler"
  }

  /// How the variances of the training steps grow from `betaStart` to `betaEnd`.
  public enum BetaSchedule: String, Hashable, Sendable, CaseIterable {
    /// Evenly.
    case linear
    /// Evenly in their square roots.
    case scaledLinear = "scaled_linear"
    /// Given by a squared cosine for the signal that is left; `betaStart` and `betaEnd` do not matter.
    case squaredCosine = "squaredcos_cap_v2"
  }

  /// What the transformer predicts.
  public enum PredictionType: String, Hashable, Sendable, CaseIterable {
    /// The noise.
    case epsilon
    /// The clean latents.
    case sample
    /// The velocity `√ᾱ · noise − √(1 − ᾱ) · clean`.
    case velocity = "v_prediction"
  }

  /// How the denoising steps are spread over the training timesteps.
  public enum TimestepSpacing: String, Hashable, Sendable, CaseIterable {
    /// From the last to the first timestep, both included.
    case linspace
    /// Multiples of a whole ratio, from 0; the last timestep is not reached.
    case leading
    /// Backwards from the last timestep; 0 is not reached.
    case trailing
  }

  /// Which rule takes the steps.
  public var method: Method
  /// Timesteps that the model was trained with.
  public var trainTimesteps = 1000
  /// The variance of the first training step.
  public var betaStart = 0.00085
  /// The variance of the last training step.
  public var betaEnd = 0.012
  /// How the variances grow in between.
  public var betaSchedule = BetaSchedule.scaledLinear
  /// The variances themselves, in place of a schedule.
  public var trainedBetas: [Double]?
  /// Whether the step after the last goes to clean latents, or to the noise level of timestep 0.
  public var setsAlphaToOne = true
  /// Added to every timestep of the spacing `leading`.
  public var stepsOffset = 0
  /// What the transformer predicts.
  public var predictionType = PredictionType.epsilon
  /// How the denoising steps are spread.
  public var timestepSpacing = TimestepSpacing.leading
  /// Whether the last timestep is rescaled to hold no signal at all.
  public var rescalesBetasToZeroSNR = false
  /// By how much the signal-to-noise ratios are divided.
  public var snrShiftScale = 3.0

  /// Creates what diffusers assumes for a class without a configuration.
  public init(method: Method) {
    self.method = method
  }
}

extension SchedulerConfiguration {
  /// Reads the JSON that diffusers writes.
  /// - Parameter method: The class; the one that the file names is not looked at.
  /// - Throws: `CheckpointError` that names the file, the key and what is expected, for a value of another type, one
  ///   that is unknown, and one that is impossible.
  public init(_ file: ConfigurationFile, method: Method) throws {
    let written = try file.decode(Written.self)

    func check(_ key: String, _ isPossible: Bool, _ expected: String) throws {
      guard isPossible else { throw file.impossibleValue(key, expected: expected) }
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
      _ key: String, _ name: String?, _ choice: inout Choice
    ) throws where Choice.RawValue == String {
      guard let name else { return }
      guard let known = Choice(rawValue: name) else {
        throw file.impossibleValue(key, expected: Choice.allCases.map(\.rawValue).joined(separator: ", "))
      }
      choice = known
    }

    self.init(method: method)
    trainTimesteps = written.numTrainTimesteps ?? trainTimesteps
    betaStart = written.betaStart ?? betaStart
    betaEnd = written.betaEnd ?? betaEnd
    try choice("beta_schedule", written.betaSchedule, &betaSchedule)
    trainedBetas = written.trainedBetas
    setsAlphaToOne = written.setAlphaToOne ?? setsAlphaToOne
    stepsOffset = written.stepsOffset ?? stepsOffset
    try choice("prediction_type", written.predictionType, &predictionType)
    try choice("timestep_spacing", written.timestepSpacing, &timestepSpacing)
    rescalesBetasToZeroSNR = written.rescaleBetasZeroSnr ?? rescalesBetasToZeroSNR
    snrShiftScale = written.snrShiftScale ?? snrShiftScale

    try check("num_train_timesteps", (2...1_000_000).contains(trainTimesteps), "a number from 2 to 1000000")
    try check("beta_start", betaStart > 0 && betaStart < 1, "a number between 0 and 1")
    try check("beta_end", betaEnd > 0 && betaEnd < 1, "a number between 0 and 1")
    if let trainedBetas {
      try check(
        "trained_betas", trainedBetas.count == trainTimesteps && trainedBetas.allSatisfy { $0 > 0 && $0 < 1 },
        "\(trainTimesteps) numbers between 0 and 1, one for each training timestep")
    }
    try check("steps_offset", (0..<trainTimesteps).contains(stepsOffset), "a number from 0 to \(trainTimesteps - 1)")
    try check("snr_shift_scale", snrShiftScale > 0, "a positive number")
    try check(
      "prediction_type", !rescalesBetasToZeroSNR || predictionType != .epsilon || timestepSpacing == .leading,
      "v_prediction or sample, because a run begins at the last timestep, which is rescaled to hold no signal")
  }

  /// The file as it stands.
  private struct Written: Decodable {
    let numTrainTimesteps: Int?
    let betaStart: Double?
    let betaEnd: Double?
    let betaSchedule: String?
    let trainedBetas: [Double]?
    let setAlphaToOne: Bool?
    let stepsOffset: Int?
    let predictionType: String?
    let timestepSpacing: String?
    let rescaleBetasZeroSnr: Bool?
    let snrShiftScale: Double?
  }
}

extension SchedulerConfiguration: SchedulerSettings {
  /// Prepares a run.
  /// - Parameter steps: Denoising steps.
  /// - Throws: ``DiffusionError`` with code `invalidStepCount` unless `steps` lies between 1 and `trainTimesteps`.
  public func makeScheduler(steps: Int) throws -> any Scheduler {
    switch method {
    case .ddim: try DDIMScheduler(self, steps: steps)
    case .dpm: try DPMScheduler(self, steps: steps)
    }
  }
}
