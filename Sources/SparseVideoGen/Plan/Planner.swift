import Attention
import Compute
import Diffusion
import Models
import Tensor

/// Turns requests into plans: checks them against the model and makes the choices that they leave open.
struct Planner: Sendable {
  let pipeline: VideoPipeline
  let source: ModelSource
  let chosen: ChosenDevice

  /// Plans a request.
  func plan(_ request: GenerationRequest) throws -> GenerationPlan {
    try request.check()
    let model = pipeline.model.description
    let size = VideoSize(
      width: request.width ?? model.defaultSize.width, height: request.height ?? model.defaultSize.height,
      frames: request.frames ?? model.defaultSize.frames)
    try pipeline.model.sizeRule.check(size)
    let image = try imageFile(request).map { ImagePlan($0, size: size) }
    let steps = request.steps ?? model.defaultSteps
    // The scheduler knows how many steps it can take.
    _ = try pipeline.schedulerConfiguration.makeScheduler(steps: steps)
    let samples = guidance(request).isOn ? 2 : 1
    let layout = pipeline.model.layout(for: size)
    let attention = AttentionPlan(
      request.attention, layout: layout, steps: steps, layers: model.layers,
      blockSize: pipeline.device.attentionBlockSize)
    let tiled = decodesInTiles(request.tiles, size: size)
    return GenerationPlan(
      model: model, image: image, size: size, framesPerSecond: request.framesPerSecond ?? model.framesPerSecond,
      steps: steps,
      guidance: request.guidance ?? model.defaultGuidance, samples: samples,
      latentShape: pipeline.model.latentShape(for: size).dimensions, layout: layout, attention: attention,
      work: WorkPlan(model: model, layout: layout, attention: attention, runs: steps * samples),
      memory: try memory(size: size, layout: layout, samples: samples, tiled: tiled), decodesInTiles: tiled,
      device: chosen.name, numbers: pipeline.device.activationType.rawValue, threads: chosen.threads)
  }

  /// How strongly a request is guided.
  func guidance(_ request: GenerationRequest) -> Guidance {
    Guidance(
      scale: Double(request.guidance ?? pipeline.model.description.defaultGuidance),
      isDynamic: request.usesDynamicGuidance)
  }

  /// How a video was made, but for its density.
  func record(_ request: GenerationRequest, plan: GenerationPlan) -> GenerationRecord {
    var record = GenerationRecord(request, plan: plan, model: source.description)
    record.tiles = plan.decodesInTiles ? .on : .off
    return record
  }
}
