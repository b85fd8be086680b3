import Foundation
import Tensor

/// Classifier-free guidance: how far a prediction is pushed from what the model says without the prompt.
///
/// `prediction = without + scale · (with − without)`.
/// - SeeAlso: <https://arxiv.org/abs/2207.12598>
public struct Guidance: Hashable, Sendable, Codable {
  /// The scale; guidance is off at 1 and below.
  public var scale: Double
  /// Whether the scale rises over the run, as `use_dynamic_cfg` of the CogVideoX pipelines has it.
  public var isDynamic: Bool
  /// The scale that the transformer is told, where it has learned to predict what guidance would make of its
  /// predictions; independent of `scale`.
  ///
  /// - SeeAlso: Meng et al., "On Distillation of Guided Diffusion Models", <https://arxiv.org/abs/2210.03142>.
  public var embedded: Double?

  /// Creates guidance.
  public init(scale: Double, isDynamic: Bool = false, embedded: Double? = nil) {
    self.scale = scale
    self.isDynamic = isDynamic
    self.embedded = embedded
  }

  /// Whether the transformer has to run without the prompt as well.
  public var isOn: Bool { scale > 1 }

  /// The scale at a step.
  ///
  /// Dynamic: `1 + scale · (1 − cos(π · ((n − t)/n)⁵)) / 2`. The formula looks as if `t` were to count the steps, but the
  /// published pipelines put the training timestep there, and the models' sample videos were made with that; so the scale
  /// oscillates between 1 and 1 + `scale`.
  /// - Parameters:
  ///   - timestep: `t`, the training timestep of the step.
  ///   - steps: `n`, the denoising steps of the run.
  public func scale(timestep: Float, steps: Int) -> Double {
    guard isDynamic else { return scale }
    let progress = (Double(steps) - Double(timestep)) / Double(steps)
    return 1 + scale * ((1 - cos(.pi * pow(progress, 5))) / 2)
  }

  /// Combines both predictions of a step.
  /// - Parameters:
  ///   - unconditional: What the transformer says without the prompt (or with the negative one), float32, in the
  ///     processor's memory.
  ///   - conditional: What it says with the prompt; of the same shape.
  ///   - scale: The scale of the step.
  /// - Returns: float32, of the same shape.
  public static func combine(unconditional: Tensor, conditional: Tensor, scale: Double) -> Tensor {
    let scale = Float(scale)
    return .combined(unconditional, conditional) { without, with, result in
      for index in result.indices {
        result[index] = without[index] + scale * (with[index] - without[index])
      }
    }
  }
}
