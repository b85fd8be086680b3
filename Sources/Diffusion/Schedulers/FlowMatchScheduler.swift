import Tensor

/// Euler's method on the straight path from noise to a video: `FlowMatchEulerDiscreteScheduler`.
///
/// The latents of noise level `σ` are `σ · noise + (1 − σ) · clean`, and the transformer predicts `noise − clean`, the
/// direction of the path. A step is `x′ = x + (σ′ − σ) · prediction`. Levels fall evenly from 1 to 0 and are then moved
/// up: `σ → s·σ / (1 + (s − 1)·σ)` with the shift `s`.
/// - SeeAlso: Lipman et al., "Flow Matching for Generative Modeling", <https://arxiv.org/abs/2210.02747>; the shift:
///   Esser et al., Section 5.3.2, <https://arxiv.org/abs/2403.03206>.
public struct FlowMatchScheduler: Scheduler {
  /// The noise level before each step, and 0 after the last.
  let levels: [Float]
  /// The noise level before each step, in training timesteps.
  public let timesteps: [Float]

  /// Prepares a run.
  /// - Throws: ``DiffusionError`` with code `invalidStepCount` unless `steps` lies between 1 and `trainTimesteps`.
  public init(_ configuration: FlowMatchConfiguration, steps: Int) throws {
    let trained = configuration.trainTimesteps
    guard (1...trained).contains(steps) else {
      throw DiffusionError(
        .invalidStepCount,
        "\(steps) steps were asked for, but the model was trained with \(trained) timesteps; choose 1 to \(trained)")
    }
    // As the pipeline has it: even levels in double precision, counted down from 1, then everything in single precision.
    let distance = -1 / Double(steps)
    let even = (0..<steps).map { Float(1 + Double($0) * distance) }
    let (shift, slope) = (Float(configuration.shift), Float(configuration.shift - 1))
    let shifted = even.map { shift * $0 / (1 + slope * $0) }
    levels = shifted + [0]
    timesteps = shifted.map { $0 * Float(trained) }
  }

  /// Takes one step; see ``Scheduler``. Adds no noise.
  public mutating func step(_ index: Int, latents: Tensor, prediction: Tensor, noise: Tensor?) -> Tensor {
    .sum((1, latents), (Double(levels[index + 1] - levels[index]), prediction))
  }
}
