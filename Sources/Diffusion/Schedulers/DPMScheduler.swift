import Foundation
import Tensor

/// The stochastic second-order multistep DPM-Solver++: `CogVideoXDPMScheduler`.
///
/// With `λ = ln √(ᾱ / (1 − ᾱ))`, `h = λ′ − λ` and the step before marked by a preceding dash,
///
///     x′ = √((1 − ᾱ′)/(1 − ᾱ)) e⁻ʰ · x + √ᾱ′ (1 − e⁻²ʰ) · d + √(1 − ᾱ′) √(1 − e⁻²ʰ) · noise
///     d  = (1 + 1/2r) · x̂₀ − 1/2r · ′x̂₀        r = (λ − ′λ) / h
///
/// The first step, and one that goes below timestep 0, take `d = x̂₀`.
/// - SeeAlso: Appendix B of <https://arxiv.org/abs/2211.01095>, SDE-DPM-Solver++(2M).
public struct DPMScheduler: Scheduler {
  private let schedule: NoiseSchedule
  private let predictionType: SchedulerConfiguration.PredictionType
  /// What the last step found.
  private var last: (index: Int, clean: Tensor)?

  /// Prepares a run.
  /// - Throws: ``DiffusionError`` with code `invalidStepCount` unless `steps` lies between 1 and `trainTimesteps`.
  public init(_ configuration: SchedulerConfiguration, steps: Int) throws {
    schedule = try NoiseSchedule(configuration, steps: steps)
    predictionType = configuration.predictionType
  }

  /// The training timestep of each denoising step, falling.
  public var timesteps: [Float] { schedule.timesteps.map(Float.init) }

  /// Whether a step is of second order.
  private func isSecondOrder(_ index: Int) -> Bool {
    index > 0 && schedule.target(of: schedule.timesteps[index]) >= 0
  }

  /// Noise of the latents' shape; in a step of second order the second that is drawn.
  public func noise(ofStep index: Int, shape: Shape, from generator: inout NormalGenerator) -> Tensor? {
    // diffusers draws for a step of first order, sees that it can do better, and draws anew.
    if isSecondOrder(index) { generator.discard(shape.count) }
    return generator.draw(shape)
  }

  /// Takes one step; see ``Scheduler``.
  public mutating func step(_ index: Int, latents: Tensor, prediction: Tensor, noise: Tensor?) -> Tensor {
    guard let noise else { preconditionFailure("step \(index) adds noise") }
    let timestep = schedule.timesteps[index]
    let target = schedule.target(of: timestep)
    let alphaBar = schedule.alphaBar(timestep)
    let nextAlphaBar = schedule.alphaBar(target)
    let clean = predictionType.clean(latents: latents, prediction: prediction, alphaBar: alphaBar)

    let level = Self.logSNR(alphaBar)
    let advance = Self.logSNR(nextAlphaBar) - level
    var direction = clean
    if index > 0 {
      guard let last, last.index == index - 1 else {
        preconditionFailure("step \(index) of \(timesteps.count) does not follow step \(self.last?.index ?? -1)")
      }
      if isSecondOrder(index) {
        let lastAdvance = level - Self.logSNR(schedule.alphaBar(schedule.timesteps[index - 1]))
        let half = 1 / (2 * (lastAdvance / advance))
        direction = .sum((1 + half, clean), (-half, last.clean))
      }
    }
    last = (index, clean)

    let kept = ((1 - nextAlphaBar) / (1 - alphaBar)).squareRoot() * exp(-advance)
    let added = -expm1(-2 * advance) * nextAlphaBar.squareRoot()
    let noisy = (1 - nextAlphaBar).squareRoot() * (1 - exp(-2 * advance)).squareRoot()
    return .sum((kept, latents), (added, direction), (noisy, noise))
  }

  /// Half the logarithm of the signal-to-noise ratio: −∞ for pure noise, ∞ for none.
  private static func logSNR(_ alphaBar: Double) -> Double {
    log((alphaBar / (1 - alphaBar)).squareRoot())
  }
}
