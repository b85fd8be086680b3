import Attention
import Compute
import Diffusion
import Models
import Tensor

/// Turns requests into plans: checks them against the model and makes the choices that they leave open.
package struct Planner: Sendable {
  package let pipeline: VideoPipeline
  package let chosen: ChosenDevice
  let source: ModelSource

  package init(pipeline: VideoPipeline, source: ModelSource, chosen: ChosenDevice) {
    self.pipeline = pipeline
    self.source = source
    self.chosen = chosen
  }

  /// Plans a request.
  func plan(_ request: GenerationRequest) throws -> GenerationPlan {
    try request.check()
    let model = pipeline.model.description
    let size = model.size(width: request.width, height: request.height, frames: request.frames)
    try pipeline.model.sizeRule.check(size)
    let image = try imageFile(request).map { ImagePlan($0, size: size) }
    let steps = request.steps ?? model.defaultSteps
    // The scheduler knows how many steps it can take.
    _ = try pipeline.schedulerSettings.makeScheduler(steps: steps)
    try checkGuidance(request)
    let guidance = guidance(request)
    let samples = guidance.isOn ? 2 : 1
    let layout = try layout(for: size)
    let attention = AttentionPlan(
      request, layout: layout, steps: steps, layers: model.layers,
      blockSize: pipeline.device.attentionBlockSize)
    let limits = pipeline.device.headLimits
    if let refusal = limits.refusal(heads: model.heads, dimension: model.headDimension) {
      throw GenerationError(.unusableModel, "\(source) cannot run on \(chosen.name): \(refusal)")
    }
    if let refusal = limits.refusal(of: request.attentionNumbers, dimension: model.headDimension) {
      throw GenerationError(
        .invalidRequest, "\(source) cannot attend so on \(chosen.name): \(refusal)", field: .attentionNumbers)
    }
    let tiled = decodesInTiles(request.tiles, size: size)
    let memory = memory(size: size, tiled: tiled, numbers: request.attentionNumbers)
    return GenerationPlan(
      model: model, image: image, promptWarnings: promptWarnings(request, isGuided: samples == 2), size: size,
      framesPerSecond: request.framesPerSecond ?? model.framesPerSecond,
      steps: steps, guidance: request.guidance ?? model.defaultGuidance,
      trueGuidance: guidance.embedded != nil && guidance.isOn ? request.trueGuidance : nil, samples: samples,
      latentShape: pipeline.model.latentShape(for: size).dimensions, layout: layout, attention: attention,
      work: WorkPlan(model: model, layout: layout, attention: attention, runs: steps * samples),
      memory: memory, memoryProblem: memoryProblem(memory, size: size, tiled: tiled, numbers: request.attentionNumbers),
      missingWeights: missingWeights,
      decodesInTiles: tiled,
      device: chosen.name, numbers: pipeline.device.activationType.rawValue, threads: chosen.threads)
  }

  /// Where the tokens of a video lie.
  /// - Throws: `ModelError` with the code `illegalSize` for more tokens than masks are made for.
  package func layout(for size: VideoSize) throws -> TokenLayout {
    let layout = pipeline.model.layout(for: size)
    guard layout.sequenceLength <= TokenLayout.longestSequence else {
      throw ModelError(
        .illegalSize,
        "a video of \(size) has \(layout.sequenceLength) tokens, more than the \(TokenLayout.longestSequence) that can be "
          + "attended: choose a smaller size, or fewer frames")
    }
    return layout
  }

  /// How strongly a request is guided.
  package func guidance(_ request: GenerationRequest) -> Guidance {
    let model = pipeline.model.description
    let scale = Double(request.guidance ?? model.defaultGuidance)
    return switch model.guidanceKind {
    case .classifierFree: Guidance(scale: scale, isDynamic: request.usesDynamicGuidance)
    case .embedded: Guidance(scale: Double(request.trueGuidance ?? 1), embedded: scale)
    }
  }

  /// Refuses what the model's kind of guidance does not have.
  private func checkGuidance(_ request: GenerationRequest) throws {
    let model = pipeline.model.description
    switch model.guidanceKind {
    case .classifierFree:
      guard request.trueGuidance == nil else {
        throw GenerationError(
          .invalidRequest, "\(model.family) is not told the guidance scale: its guidance is classifier-free already",
          field: .trueGuidance)
      }
    case .embedded:
      guard !request.usesDynamicGuidance else {
        throw GenerationError(
          .invalidRequest, "\(model.family) is told one guidance scale, which cannot vary over the steps",
          field: .dynamicGuidance)
      }
    }
  }

  /// How a video was made, but for its density.
  func record(_ request: GenerationRequest, plan: GenerationPlan) -> GenerationRecord {
    var record = GenerationRecord(request, plan: plan, model: source.description)
    record.tiles = plan.decodesInTiles ? .on : .off
    return record
  }
}
