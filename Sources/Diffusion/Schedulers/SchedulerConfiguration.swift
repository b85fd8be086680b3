import Checkpoint

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

extension SchedulerConfiguration: Decodable {
  private enum Key: String, CodingKey {
    case className = "_class_name"
    case trainTimesteps = "num_train_timesteps"
    case betaStart = "beta_start"
    case betaEnd = "beta_end"
    case betaSchedule = "beta_schedule"
    case trainedBetas = "trained_betas"
    case setsAlphaToOne = "set_alpha_to_one"
    case stepsOffset = "steps_offset"
    case predictionType = "prediction_type"
    case timestepSpacing = "timestep_spacing"
    case rescalesBetasToZeroSNR = "rescale_betas_zero_snr"
    case snrShiftScale = "snr_shift_scale"
  }

  /// Reads the JSON that diffusers writes; its keys are taken as written.
  /// - Throws: `DecodingError` whose path names the key, for a value of another type, one that is unknown, or one that
  ///   is impossible.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)

    func read<Value: Decodable>(_ key: Key, into value: inout Value) throws {
      if let found = try container.decodeIfPresent(Value.self, forKey: key) { value = found }
    }

    func read<Choice: RawRepresentable & CaseIterable>(_ key: Key, into choice: inout Choice) throws
    where Choice.RawValue == String {
      guard let name = try container.decodeIfPresent(String.self, forKey: key) else { return }
      choice = try Self.choice(name, key, container)
    }

    // By way of a floating-point number, because the decoder does not say which key holds a fraction.
    func read(_ key: Key, into whole: inout Int) throws {
      guard let number = try container.decodeIfPresent(Double.self, forKey: key) else { return }
      try check(key, number.rounded() == number && abs(number) < 0x1p53, "a whole number")
      whole = Int(number)
    }

    func check(_ key: Key, _ isPossible: Bool, _ expected: String) throws {
      guard isPossible else {
        throw DecodingError.dataCorruptedError(forKey: key, in: container, debugDescription: "expected \(expected)")
      }
    }

    self.init(
      method: try Self.choice(try container.decode(String.self, forKey: .className), .className, container))
    try read(.trainTimesteps, into: &trainTimesteps)
    try read(.betaStart, into: &betaStart)
    try read(.betaEnd, into: &betaEnd)
    try read(.betaSchedule, into: &betaSchedule)
    trainedBetas = try container.decodeIfPresent([Double].self, forKey: .trainedBetas)
    try read(.setsAlphaToOne, into: &setsAlphaToOne)
    try read(.stepsOffset, into: &stepsOffset)
    try read(.predictionType, into: &predictionType)
    try read(.timestepSpacing, into: &timestepSpacing)
    try read(.rescalesBetasToZeroSNR, into: &rescalesBetasToZeroSNR)
    try read(.snrShiftScale, into: &snrShiftScale)

    try check(.trainTimesteps, (2...1_000_000).contains(trainTimesteps), "a number from 2 to 1000000")
    try check(.betaStart, betaStart > 0 && betaStart < 1, "a number between 0 and 1")
    try check(.betaEnd, betaEnd > 0 && betaEnd < 1, "a number between 0 and 1")
    if let trainedBetas {
      try check(
        .trainedBetas, trainedBetas.count == trainTimesteps && trainedBetas.allSatisfy { $0 > 0 && $0 < 1 },
        "\(trainTimesteps) numbers between 0 and 1, one for each training timestep")
    }
    try check(.stepsOffset, (0..<trainTimesteps).contains(stepsOffset), "a number from 0 to \(trainTimesteps - 1)")
    try check(.snrShiftScale, snrShiftScale > 0 && snrShiftScale.isFinite, "a positive number")
    try check(
      .predictionType, !rescalesBetasToZeroSNR || predictionType != .epsilon || timestepSpacing == .leading,
      "v_prediction or sample, because a run begins at the last timestep, which is rescaled to hold no signal")
  }

  private static func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, _ key: Key, _ container: KeyedDecodingContainer<Key>
  ) throws -> Choice where Choice.RawValue == String {
    guard let choice = Choice(rawValue: name) else {
      let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw DecodingError.dataCorruptedError(
        forKey: key, in: container, debugDescription: "\"\(name)\" is unknown, there are \(known)")
    }
    return choice
  }
}

extension SchedulerConfiguration {
  /// Reads `scheduler/scheduler_config.json` of a model; the class is the one that `model_index.json` names.
  /// - Throws: `CheckpointError` that names the file and the key, or the class, and what is expected instead.
  public init(_ directory: ModelDirectory) throws {
    let component = try directory.component("scheduler", oneOf: Method.allCases.map(\.rawValue))
    let file = try ConfigurationFile(component.folder.appending(path: "scheduler_config.json"))
    self = try file.decode(Self.self, keys: .asWritten)
    if let method = Method(rawValue: component.className) { self.method = method }
  }

  /// Prepares a run.
  /// - Parameter steps: Denoising steps.
  /// - Throws: ``DiffusionError`` with code `invalidStepCount` unless `steps` lies between 1 and `trainTimesteps`.
  public func scheduler(steps: Int) throws -> any Scheduler {
    switch method {
    case .ddim: try DDIMScheduler(self, steps: steps)
    case .dpm: try DPMScheduler(self, steps: steps)
    }
  }
}
