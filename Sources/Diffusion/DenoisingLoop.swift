import Attention
import Models
import Tensor

/// One run from noise to latents, a step at a time, driven by its caller.
///
/// ```swift
/// while !loop.isFinished { try loop.advance() }
/// ```
/// A step that throws or is canceled leaves the loop as it was before, so that finished steps are never lost.
public struct DenoisingLoop: Sendable {
  /// What the transformer is conditioned on.
  public struct Conditions: Sendable {
    /// The prompt.
    public let prompt: TextCondition
    /// What guidance pushes away from: the negative prompt or the empty one; `nil` where guidance is off.
    public let negative: TextCondition?
    /// The distribution of the image's latents, for a model that takes an image.
    public let image: ImagePosterior?

    /// Creates conditions.
    public init(prompt: TextCondition, negative: TextCondition?, image: ImagePosterior? = nil) {
      self.prompt = prompt
      self.negative = negative
      self.image = image
    }
  }

  /// The latents after the last finished step, `[1, F', C, h, w]`, float32; noise before the first.
  public private(set) var latents: Tensor
  /// The step that comes next, from 0.
  public private(set) var nextStep = 0

  private let denoiser: any Denoiser
  private var attention: any AttentionMechanism
  private let conditions: Conditions
  private let guidance: Guidance
  private var scheduler: any Scheduler
  private var noise: NormalGenerator
  /// What the transformer sees of the image, of the shape of the latents.
  private let image: Tensor?

  /// Prepares a run: draws the noise that it starts from.
  ///
  /// As in diffusers the latents of an image are sampled first, with numbers of the same sequence.
  /// - Parameters:
  ///   - shape: The shape of the latents, see `VideoModel.latentShape(for:)`.
  ///   - noiseOrder: How the noise becomes latents, see `VideoModel.noiseOrder`.
  ///   - seed: Where the noise starts; equal to `torch.manual_seed` for a generator of the processor.
  ///   - attention: The mechanism for every layer, made for this run's number of steps.
  ///   - placeImage: What the transformer sees of the sampled latents of an image.
  /// - Precondition: There is a negative condition iff guidance is on.
  public init(
    denoiser: any Denoiser, scheduler: any Scheduler, conditions: Conditions, guidance: Guidance, shape: Shape,
    noiseOrder: NoiseOrder = .framesFirst, seed: UInt64, attention: any AttentionMechanism,
    placeImage: (Tensor) -> Tensor = { $0 }
  ) {
    precondition(
      guidance.isOn == (conditions.negative != nil), "guidance needs a negative condition, and only guidance")
    self.denoiser = denoiser
    self.scheduler = scheduler
    self.conditions = conditions
    self.guidance = guidance
    self.attention = attention
    var noise = NormalGenerator(seed: seed)
    image = conditions.image.map { placeImage($0.sample(noise.draw($0.mean.shape))) }
    latents = Self.draw(&noise, shape, noiseOrder)
    self.noise = noise
  }

  /// Latents of pure noise.
  private static func draw(_ noise: inout NormalGenerator, _ shape: Shape, _ order: NoiseOrder) -> Tensor {
    guard order == .channelsFirst else { return noise.draw(shape) }
    let (frames, channels, places) = (shape[1], shape[2], shape[3] * shape[4])
    let drawn = noise.draw([channels, frames, places])
    let result = Tensor.host(shape, .float32)
    drawn.withSpan(of: Float.self) { source in
      result.withMutableSpan(of: Float.self) { target in
        for index in target.indices {
          let (frame, channel, place) = (index / places / channels, index / places % channels, index % places)
          target[index] = source[(channel * frames + frame) * places + place]
        }
      }
    }
    return result
  }

  /// Steps of the run.
  public var steps: Int { scheduler.timesteps.count }

  /// Whether all steps are done.
  public var isFinished: Bool { nextStep == steps }

  /// Takes the next step.
  /// - Throws: `ModelError` with the code `notFinite` when the transformer's prediction is not finite,
  ///   `CancellationError` when the task is canceled, and what the device throws.
  /// - Precondition: The run is not finished.
  public mutating func advance() throws {
    precondition(!isFinished, "all \(steps) steps are done")
    // The device gets all that the step asks of it before anything waits; what needs no prediction is done meanwhile.
    let unconditional = try conditions.negative.map { try predict($0, sample: 0) }
    let conditional = try predict(conditions.prompt, sample: unconditional == nil ? 0 : 1)
    var generator = noise
    let addedNoise = scheduler.noise(ofStep: nextStep, shape: latents.shape, from: &generator)
    let prediction = try guided(unconditional?.resolved(), conditional.resolved())
    guard prediction.isFinite else {
      throw ModelError(
        .notFinite,
        "the transformer's prediction in step \(nextStep + 1) of \(steps) is not finite; try --dtype f32, or check the "
          + "model's weights")
    }
    latents = scheduler.step(nextStep, latents: latents, prediction: prediction, noise: addedNoise)
    noise = generator
    nextStep += 1
  }

  /// The same run from here on with another mechanism; this one stays as it is.
  ///
  /// Where both mechanisms do the same in all steps so far, the continuation ends as a whole run of its own would, bit for
  /// bit.
  /// - Parameter attention: The mechanism for the steps that come, made for this run's number of steps.
  public func continued(with attention: any AttentionMechanism) -> DenoisingLoop {
    var loop = self
    loop.attention = attention
    return loop
  }

  private func predict(_ condition: TextCondition, sample: Int) throws -> PendingPrediction {
    try denoiser.predict(
      DenoiserInput(
        latents: latents, timestep: scheduler.timesteps[nextStep], text: condition,
        guidance: guidance.embedded.map(Float.init), image: image),
      attention: attention, step: nextStep, sample: sample)
  }

  private func guided(_ unconditional: Tensor?, _ conditional: Tensor) -> Tensor {
    guard let unconditional else { return conditional }
    return Guidance.combine(
      unconditional: unconditional, conditional: conditional,
      scale: guidance.scale(timestep: scheduler.timesteps[nextStep], steps: steps))
  }
}

extension Tensor {
  /// Whether no element is infinite or not a number; float32 in the processor's memory.
  fileprivate var isFinite: Bool {
    withSpan(of: Float.self) { values in
      // Of infinities and what is no number all bits of the exponent are set: the largest magnitude tells of all.
      var largest: UInt32 = 0
      for index in values.indices { largest = max(largest, values[index].magnitude.bitPattern) }
      return largest < Float.infinity.bitPattern
    }
  }
}
