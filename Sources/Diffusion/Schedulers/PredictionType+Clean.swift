import Tensor

extension SchedulerConfiguration.PredictionType {
  /// What a prediction says about the clean latents.
  /// - Parameters:
  ///   - latents: What the prediction was made for, float32.
  ///   - prediction: What the transformer said, of the shape of `latents`.
  ///   - alphaBar: The share of the signal's variance in `latents`; not 0 when noise was predicted.
  /// - Returns: float32, of the shape of `latents`.
  func clean(latents: Tensor, prediction: Tensor, alphaBar: Double) -> Tensor {
    let signal = alphaBar.squareRoot()
    let noise = (1 - alphaBar).squareRoot()
    switch self {
    case .epsilon: return .sum((1 / signal, latents), (-noise / signal, prediction))
    case .sample: return prediction
    case .velocity: return .sum((signal, latents), (-noise, prediction))
    }
  }
}
