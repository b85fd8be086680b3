import Tensor

/// The rule by which a prediction takes noisy latents one step further.
///
/// A value type: it carries what a run has to remember from step to step, so a copy made before the first step runs
/// the same trajectory again. The pipeline calls `step` once for each of the `timesteps`, in order.
public protocol Scheduler: Sendable {
  /// The training timestep of each denoising step, falling; not a whole number for every scheduler.
  var timesteps: [Float] { get }

  /// Draws the noise that a step adds. It does not depend on the prediction, so that it can be drawn while a device is
  /// at work on that.
  ///
  /// It is drawn as diffusers draws it, in number and order, so that one seed gives the same video there and here.
  /// - Parameters:
  ///   - index: The step, counted from 0.
  ///   - shape: The shape of the latents.
  /// - Returns: float32, in the processor's memory; `nil` where no noise is added: then nothing is drawn.
  func noise(ofStep index: Int, shape: Shape, from generator: inout NormalGenerator) -> Tensor?

  /// Takes one step.
  /// - Parameters:
  ///   - index: The step, counted from 0; step 0 starts a new run.
  ///   - latents: What the prediction was made for, float32, in the processor's memory, of any shape.
  ///   - prediction: What the transformer said, after guidance; of the type and shape of `latents`.
  ///   - noise: What ``noise(ofStep:shape:from:)`` gave for this step.
  /// - Returns: The latents of the next step, or after the last step those of the video. New memory.
  /// - Precondition: Steps come in order from 0.
  mutating func step(_ index: Int, latents: Tensor, prediction: Tensor, noise: Tensor?) -> Tensor
}

extension Scheduler {
  /// `nil`: most schedulers add no noise.
  public func noise(ofStep index: Int, shape: Shape, from generator: inout NormalGenerator) -> Tensor? { nil }
}
