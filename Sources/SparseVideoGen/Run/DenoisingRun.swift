import Attention
import Compute
import Diffusion
import Models
import Tensor

/// One video from noise to latents on the disk.
struct DenoisingRun {
  /// What a run leaves.
  struct Outcome {
    /// As the decoder takes them.
    let latents: Tensor
    let record: GenerationRecord
    let attention: AttentionSummary
    /// One for each call of attention, where the request asks for them.
    let traces: [HeadTrace]
  }

  /// Which of the requests that are carried out together.
  let index: Int
  let request: GenerationRequest
  let plan: GenerationPlan
  let conditions: DenoisingLoop.Conditions
  let planner: Planner

  /// Takes all steps, or those that are left after the shared ones, and saves the latents.
  ///
  /// When a step fails or the task is canceled, the latents of the steps before are saved, and the error goes on.
  /// - Parameters:
  ///   - shared: Steps of this and other runs: it begins after those that are there, and adds those that are wanted.
  ///   - file: Where the latents go, if anywhere.
  ///   - times: Gets the time of all steps, shared ones too.
  func callAsFunction(
    with denoiser: any Denoiser, sharing shared: inout SharedSteps, savingIn file: consuming LatentsFile?,
    times: inout PhaseTimes, send: (GenerationEvent) -> Void
  ) throws -> Outcome {
    let device = planner.pipeline.device
    let start = shared.take(for: index)
    let tally = AttentionTally(
      keepsTraces: request.tracesHeads, run: start?.attention ?? AttentionSummary(), traces: start?.traces ?? [])
    let mechanism = mechanism(tally)
    var loop =
      try start?.loop.continued(with: mechanism)
      ?? planner.pipeline.denoising(
        with: denoiser, conditions: conditions, size: plan.size, steps: plan.steps,
        guidance: planner.guidance(request), seed: request.seed, attention: mechanism)
    times.denoising = start?.seconds ?? 0
    let before = device.times
    func operations() -> OperationTimes { (start?.operations ?? OperationTimes()) + (device.times - before) }
    do {
      while !loop.isFinished {
        var seconds = 0.0
        try measured(&seconds) { try loop.advance() }
        times.denoising += seconds
        let attended = try tally.takeStep()
        if shared.wants(loop.nextStep, of: index) {
          shared.keep(
            DenoisingProgress(
              loop: loop, seconds: times.denoising, operations: operations(), attention: tally.run,
              traces: tally.traces))
        }
        send(
          .step(
            DenoisingStep(
              step: loop.nextStep, steps: loop.steps, seconds: seconds, density: attended.density)))
      }
    } catch {
      if loop.nextStep > 0, let saved = try? save(loop, tally: tally, in: file).saved {
        send(.savedLatents(saved))
      }
      throw error
    }
    times.denoisingOperations = operations()
    let (outcome, saved) = try save(loop, tally: tally, in: file)
    if let saved { send(.savedLatents(saved)) }
    return outcome
  }

  private func mechanism(_ tally: AttentionTally) -> any AttentionMechanism {
    let device = planner.pipeline.device
    guard let settings = request.attention.settings else {
      return DenseAttention(device: device, numbers: request.attentionNumbers, listener: tally.add)
    }
    return SparseVideoGenAttention(
      device: device, settings: settings, schedule: plan.attention.schedule, numbers: request.attentionNumbers,
      listener: tally.add)
  }

  private func save(
    _ loop: DenoisingLoop, tally: AttentionTally, in file: consuming LatentsFile?
  ) throws -> (outcome: Outcome, saved: SavedLatents?) {
    let latents = planner.pipeline.model.decodableLatents(loop.latents, for: plan.size)
    let attention = tally.run
    var record = planner.record(request, plan: plan)
    record.density = attention.density
    var saved: SavedLatents?
    if let file { saved = try file.write(latents, record: record, completedSteps: loop.nextStep) }
    let outcome = Outcome(latents: latents, record: record, attention: attention, traces: tally.traces)
    return (outcome, saved)
  }
}
