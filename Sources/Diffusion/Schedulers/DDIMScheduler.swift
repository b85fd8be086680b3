import Tensor

/// Denoising diffusion implicit models without added noise: `CogVideoXDDIMScheduler`.
///
/// `x′ = a·x + b·x̂₀` with `a = √((1 − ᾱ′) / (1 − ᾱ))` and `b = √ᾱ′ − √ᾱ·a`, where `x̂₀` is what the prediction says about the clean
/// latents and the dash marks the next noise level.
/// - SeeAlso: Equation 12 of <https://arxiv.org/abs/2010.02502>, with σ = 0.
public struct DDIMScheduler: Scheduler {
  private let schedule: NoiseSchedule
  private let predictionType: SchedulerConfiguration.PredictionType

  /// Prepares a run.
  /// - Throws: ``DiffusionError`` with code `invalidStepCount` unless `steps` lies between 1 and `trainTimesteps`.
  public init(_ configuration: SchedulerConfiguration, steps: Int) throws {
    schedule = try NoiseSchedule(configuration, steps: steps)
    predictionType = configuration.predictionType
  }

  /// The training timestep of each denoising step, falling.
  public var timesteps: [Float] { schedule.timesteps.map(Float.init) }

  /// Takes one step; see ``Scheduler``. Adds no noise.
  public mutating func step(_ index: Int, latents: Tensor, prediction: Tensor, noise: Tensor?) -> Tensor {
    let timestep = schedule.timesteps[index]
    let alphaBar = schedule.alphaBar(timestep)
    let nextAlphaBar = schedule.alphaBar(schedule.target(of: timestep))
    let clean = predictionType.clean(latents: latents, prediction: prediction, alphaBar: alphaBar)
    let kept = ((1 - nextAlphaBar) / (1 - alphaBar)).squareRoot()
    let added = nextAlphaBar.squareRoot() - alphaBar.squareRoot() * kept
    return .sum((kept, latents), (added, clean))
  }
}
