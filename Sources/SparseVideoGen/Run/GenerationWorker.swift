import Attention
import Checkpoint
import Compute
import Diffusion
import Logging
import Models
import Tensor

/// Does the work of a generator, one video at a time, on its own thread.
actor GenerationWorker {
  private let thread = WorkerThread()
  private let planner: Planner
  private let logger = Logger(label: "SparseVideoGen")

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

  init(planner: Planner) {
    self.planner = planner
  }

  private var pipeline: VideoPipeline { planner.pipeline }

  /// Makes videos with one loading of each network; neighbors that differ only in how they attend share their first dense
  /// steps.
  /// - Parameters:
  ///   - send: Hears what happens, but for the last event of each video.
  ///   - finish: Gets each video, on the worker's thread: the next one begins when it returns.
  func generate(
    _ requests: [GenerationRequest], send: @Sendable (Int, GenerationEvent) -> Void,
    finish: @Sendable (Int, GenerationResult) throws -> Void
  ) async throws {
    let plans = try requests.map(planner.plan)
    try planner.requireWeights()
    for plan in plans { try planner.requireRoom(plan) }
    for request in requests {
      if let path = request.latentsPath { try LatentsFile.check(path) }
    }
    guard !requests.isEmpty else { return }
    var file = try latentsFile(for: requests[0], plan: plans[0])
    send(0, .planned(plans[0]))
    // Nothing is loaded yet: another call may run while ffmpeg does.
    let pictures = try await planner.pictures(requests, plans: plans)
    send(0, .loading(.textEncoder))
    let prompts = try PromptEncoding(requests, plans: plans, pipeline: pipeline)
    pipeline.device.trim()
    send(0, .encoded(prompts.reports[0]))

    var times = PhaseTimes()
    times.loading = prompts.loadingSeconds
    times.encoding = prompts.reports[0].seconds
    var images: [ImagePosterior] = []
    if !pictures.isEmpty {
      send(0, .loading(.imageEncoder))
      images = try measured(&times.encoding) {
        try pipeline.encode(zip(pictures, plans).map { ($0, $1.decodesInTiles) })
      }
      pipeline.device.trim()
    }
    send(0, .loading(.transformer))
    var denoiser: (any Denoiser)? = try measured(&times.loading) {
      try pipeline.model.loadDenoiser(on: pipeline.device)
    }
    pipeline.device.trim()
    var decoder: (any FrameDecoder)?
    var shared = SharedSteps(requests, plans: plans)
    for index in requests.indices {
      if index > 0 {
        send(index, .planned(plans[index]))
        send(index, .encoded(prompts.reports[index]))
        times = PhaseTimes()
        times.encoding = prompts.reports[index].seconds
        file = try latentsFile(for: requests[index], plan: plans[index])
      }
      let run = DenoisingRun(
        index: index, request: requests[index], plan: plans[index],
        conditions: .init(
          prompt: prompts.conditions[index].prompt, negative: prompts.conditions[index].negative,
          image: images.isEmpty ? nil : images[index]), planner: planner)
      let outcome = try denoise(run, with: denoiser, sharing: &shared, savingIn: file.take(), times: &times) {
        send(index, $0)
      }
      // What the last video needs no more makes room for its decoding.
      if index == requests.count - 1 { denoiser = nil }
      pipeline.device.trim()
      if decoder == nil {
        send(index, .loading(.decoder))
        decoder = try measured(&times.loading) { try pipeline.model.loadDecoder(on: pipeline.device) }
        pipeline.device.trim()
      }
      let frames = try decode(
        outcome.latents, with: decoder, tiled: plans[index].decodesInTiles, times: &times
      ) { send(index, $0) }
      logger.debug("video \(index + 1) of \(requests.count) took \(times.total) s")
      try finish(
        index,
        GenerationResult(
          frames: frames, latents: outcome.latents, record: outcome.record, attention: outcome.attention,
          traces: outcome.traces, times: times, peakMemory: planner.chosen.peakMemory))
    }
  }

  /// Makes videos as ``generate(_:send:finish:)`` does; each is the last event of its own.
  func generate(
    _ requests: [GenerationRequest], send: @Sendable (Int, GenerationEvent) -> Void
  ) async throws {
    try await generate(requests, send: send) { send($0, .finished($1)) }
  }

  /// Decodes saved latents.
  func decode(
    latentsAt path: String, tiles: DecodingTiles?, framesPerSecond: Int?, send: @Sendable (GenerationEvent) -> Void
  ) throws {
    let latents = try LatentsFile.read(path)
    let manifest = try GenerationManifest.read(besides: path)
    if let framesPerSecond {
      try GenerationRequest(prompt: "-", framesPerSecond: framesPerSecond).check()
    }
    var times = PhaseTimes()
    send(.loading(.decoder))
    let decoder = try measured(&times.loading) { try pipeline.model.loadDecoder(on: pipeline.device) }
    let size = planner.size(ofLatents: latents.shape)
    let tiled = planner.decodesInTiles(tiles ?? manifest?.record.tiles ?? .automatic, size: size)
    let frames = try decode(latents, with: decoder, tiled: tiled, times: &times, send: send)
    var record = manifest?.record ?? planner.record(ofLatents: size)
    if let framesPerSecond { record.framesPerSecond = framesPerSecond }
    record.tiles = tiled ? .on : .off
    send(
      .finished(
        GenerationResult(
          frames: frames, latents: latents, record: record, attention: AttentionSummary(), traces: [],
          times: times, peakMemory: planner.chosen.peakMemory)))
  }

  /// Takes all steps of a run.
  ///
  /// A function of its own, so that no variable of ``generate(_:send:)`` keeps the transformer beside the one that is set
  /// to `nil`: a copy would hold its weights until the video is decoded.
  private func denoise(
    _ run: DenoisingRun, with denoiser: (any Denoiser)?, sharing shared: inout SharedSteps,
    savingIn file: consuming LatentsFile?, times: inout PhaseTimes, send: (GenerationEvent) -> Void
  ) throws -> DenoisingRun.Outcome {
    guard let denoiser else { preconditionFailure("the transformer is freed after the last video") }
    return try run(with: denoiser, sharing: &shared, savingIn: file, times: &times, send: send)
  }

  /// Room on the disk for the latents of a request, if they are to be saved.
  private func latentsFile(for request: GenerationRequest, plan: GenerationPlan) throws -> LatentsFile? {
    guard let path = request.latentsPath else { return nil }
    let byteCount = plan.latentShape.reduce(ElementType.float32.byteCount, *)
    return try LatentsFile(path, byteCount: byteCount, record: planner.record(request, plan: plan))
  }

  private func decode(
    _ latents: Tensor, with decoder: (any FrameDecoder)?, tiled: Bool, times: inout PhaseTimes,
    send: (GenerationEvent) -> Void
  ) throws -> Tensor {
    guard let decoder else { preconditionFailure("the decoder is loaded before it is used") }
    send(.decoding(fraction: 0))
    let frames = try measured(&times.decoding) {
      try decoder.decode(latents, tiled: tiled) { send(.decoding(fraction: $0)) }
    }
    // What was kept for more frames makes room for writing these.
    pipeline.device.trim()
    return frames
  }
}

/// Runs `body` and adds the seconds that it took.
func measured<Result>(_ seconds: inout Double, _ body: () throws -> Result) rethrows -> Result {
  let start = ContinuousClock.now
  defer { seconds += (ContinuousClock.now - start) / .seconds(1) }
  return try body()
}
