import Checkpoint
import Foundation

/// A `scheduler_config.json` of diffusers' `FlowMatchEulerDiscreteScheduler`.
///
/// Values that are missing are those that diffusers assumes. What would change the noise levels in a way that is not
/// implemented is refused by name; keys that only matter together with such a flag are not read.
public struct FlowMatchConfiguration: Hashable, Sendable {
  /// The class of diffusers.
  public static let className = "FlowMatchEulerDiscreteScheduler"

  /// Timesteps that the model was trained with: a timestep is this many times the noise level.
  public var trainTimesteps = 1000
  /// How strongly steps are moved towards high noise levels; 1 spreads them evenly, HunyuanVideo has 7.
  public var shift = 1.0

  /// Creates what diffusers assumes without a configuration.
  public init() {}

  /// Reads the JSON that diffusers writes.
  /// - Throws: `CheckpointError` that names the file, the key and what is expected, for a value of another type, one that
  ///   is impossible, and a flag that is not supported.
  public init(_ file: ConfigurationFile) throws {
    let written = try file.decode(Written.self)
    trainTimesteps = written.numTrainTimesteps ?? trainTimesteps
    shift = written.shift ?? shift
    guard (2...1_000_000).contains(trainTimesteps) else {
      throw file.impossibleValue("num_train_timesteps", expected: "a number from 2 to 1000000")
    }
    guard shift > 0, shift.isFinite else { throw file.impossibleValue("shift", expected: "a positive number") }
    let flags = [
      ("use_dynamic_shifting", written.useDynamicShifting), ("invert_sigmas", written.invertSigmas),
      ("use_karras_sigmas", written.useKarrasSigmas), ("use_exponential_sigmas", written.useExponentialSigmas),
      ("use_beta_sigmas", written.useBetaSigmas), ("stochastic_sampling", written.stochasticSampling),
    ]
    for (key, isOn) in flags where isOn == true {
      throw file.impossibleValue(key, expected: "false, because no other schedule is supported")
    }
    if let terminal = written.shiftTerminal, terminal != 0 {
      throw file.impossibleValue("shift_terminal", expected: "null, because no other schedule is supported")
    }
  }

  /// The file as it stands.
  private struct Written: Decodable {
    let numTrainTimesteps: Int?
    let shift: Double?
    let useDynamicShifting: Bool?
    let invertSigmas: Bool?
    let useKarrasSigmas: Bool?
    let useExponentialSigmas: Bool?
    let useBetaSigmas: Bool?
    let stochasticSampling: Bool?
    let shiftTerminal: Double?
  }
}

extension FlowMatchConfiguration: SchedulerSettings {
  /// Prepares a run.
  /// - Parameter steps: Denoising steps.
  /// - Throws: ``DiffusionError`` with code `invalidStepCount` unless `steps` lies between 1 and `trainTimesteps`.
  public func makeScheduler(steps: Int) throws -> any Scheduler { try FlowMatchScheduler(self, steps: steps) }
}
