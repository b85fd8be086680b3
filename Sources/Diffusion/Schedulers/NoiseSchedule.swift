import Foundation

/// How much signal is left at each training timestep, and which timesteps a run visits.
///
/// `ᾱ(t)` is the share of the signal's variance in the latents of timestep `t`; `1 − ᾱ(t)` is that of the noise.
struct NoiseSchedule: Sendable {
  /// `ᾱ` of every training timestep.
  let alphaBars: [Double]
  /// `ᾱ` after the last step.
  let finalAlphaBar: Double
  /// The timestep of each denoising step, falling.
  let timesteps: [Int]
  /// How far below its own timestep a step goes.
  private let stride: Int

  /// - Throws: ``DiffusionError`` with code `invalidStepCount`.
  init(_ configuration: SchedulerConfiguration, steps: Int) throws {
    let trained = configuration.trainTimesteps
    guard (1...trained).contains(steps) else {
      throw DiffusionError(
        .invalidStepCount,
        "\(steps) steps were asked for, but the model was trained with \(trained) timesteps; choose 1 to \(trained)")
    }
    alphaBars = Self.alphaBars(configuration)
    finalAlphaBar = configuration.setsAlphaToOne ? 1 : alphaBars[0]
    timesteps = Self.timesteps(configuration, steps: steps)
    stride = trained / steps
    guard timesteps[0] < trained else {
      throw DiffusionError(
        .invalidStepCount,
        "\(steps) steps with a steps_offset of \(configuration.stepsOffset) begin at timestep \(timesteps[0]), but the model "
          + "was trained with \(trained) timesteps, the last one being \(trained - 1); choose fewer steps")
    }
  }

  /// The timestep that a step goes to; negative after the last one.
  ///
  /// A whole number of timesteps below: with the spacing `trailing` this is not always the next element of
  /// `timesteps`, which are rounded. diffusers steps like this, and the models are used like this.
  func target(of timestep: Int) -> Int { timestep - stride }

  /// `ᾱ` of a timestep, and `finalAlphaBar` of negative ones.
  func alphaBar(_ timestep: Int) -> Double {
    timestep < 0 ? finalAlphaBar : alphaBars[timestep]
  }
}

extension NoiseSchedule {
  /// The table in the precision that diffusers computes it in: double for `scaled_linear`, single for the others. Where
  /// little noise is left, `1 − ᾱ` shows the difference.
  private static func alphaBars(_ configuration: SchedulerConfiguration) -> [Double] {
    let count = configuration.trainTimesteps
    let (start, end) = (configuration.betaStart, configuration.betaEnd)
    if let betas = configuration.trainedBetas {
      return alphaBars(betas: betas.map(Float.init), configuration)
    }
    switch configuration.betaSchedule {
    case .scaledLinear:
      let roots = even(from: start.squareRoot(), to: end.squareRoot(), count: count)
      return alphaBars(betas: roots.map { $0 * $0 }, configuration)
    case .linear:
      return alphaBars(betas: even(from: Float(start), to: Float(end), count: count), configuration)
    case .squaredCosine:
      func left(_ index: Int) -> Double {
        let angle = (Double(index) / Double(count) + 0.008) / 1.008 * .pi / 2
        return cos(angle) * cos(angle)
      }
      let betas = (0..<count).map { Float(min(1 - left($0 + 1) / left($0), 0.999)) }
      return alphaBars(betas: betas, configuration)
    }
  }

  private static func alphaBars<Number: BinaryFloatingPoint>(
    betas: [Number], _ configuration: SchedulerConfiguration
  ) -> [Double] {
    // The running product is kept in double precision, each entry rounded.
    var product = 1.0
    let shift = configuration.snrShiftScale
    var bars = betas.map { beta in
      product *= Double(1 - beta)
      let bar = Number(product)
      return bar / (Number(shift) + Number(1 - shift) * bar)
    }
    if configuration.rescalesBetasToZeroSNR {
      // Signal amplitudes are shifted to end at zero and scaled to begin where they did (arXiv 2305.08891, Algorithm 1).
      let first = bars[0].squareRoot()
      let last = bars[bars.count - 1].squareRoot()
      let scale = first / (first - last)
      bars = bars.map { bar in
        let amplitude = (bar.squareRoot() - last) * scale
        return amplitude * amplitude
      }
    }
    return bars.map { Double($0) }
  }

  /// Evenly spaced numbers, both ends included, the upper half counted from the end.
  private static func even<Number: BinaryFloatingPoint>(from start: Number, to end: Number, count: Int) -> [Number] {
    let step = (end - start) / Number(count - 1)
    return (0..<count).map { index in
      index < count / 2 ? start + step * Number(index) : end - step * Number(count - 1 - index)
    }
  }

  private static func timesteps(_ configuration: SchedulerConfiguration, steps: Int) -> [Int] {
    let trained = configuration.trainTimesteps
    func rounded(_ value: Double) -> Int { Int(value.rounded(.toNearestOrEven)) }
    switch configuration.timestepSpacing {
    case .linspace:
      guard steps > 1 else { return [0] }
      let step = Double(trained - 1) / Double(steps - 1)
      return (0..<steps).reversed().map { rounded(step * Double($0)) }
    case .leading:
      return (0..<steps).reversed().map { $0 * (trained / steps) + configuration.stepsOffset }
    case .trailing:
      // diffusers makes one more for some numbers of steps (61, 103, …), because its range ends an ulp above 0: a
      // timestep of −1, which is not wanted.
      let step = -Double(trained) / Double(steps)
      let delta = (Double(trained) + step) - Double(trained)
      return (0..<steps).map { rounded(Double(trained) + Double($0) * delta) - 1 }
    }
  }
}
