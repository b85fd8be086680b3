import Checkpoint
import Compute
import Diffusion
import Models

/// Makes videos from text with one model on one device.
///
/// The model's configurations are read when the generator is made, its networks when they are needed. One generator
/// makes one video at a time, on a thread of its own; what is asked for meanwhile waits.
public final class VideoGenerator: Sendable {
  /// What is fixed about the model.
  public var model: ModelDescription { planner.pipeline.model.description }

  private let planner: Planner
  let worker: GenerationWorker

  /// Opens a model.
  /// - Throws: ``GenerationError`` when the bundled model or the device is not there, and what is wrong with the
  ///   directory: `CheckpointError`, `ModelError` or `DiffusionError`, naming the file.
  public init(model: ModelSource = .bundled, options: GeneratorOptions = GeneratorOptions()) async throws {
    try options.check()
    let chosen = try options.makeDevice()
    let pipeline = try VideoPipeline(directory: model.directory(), device: chosen.device)
    planner = Planner(pipeline: pipeline, source: model, chosen: chosen)
    worker = GenerationWorker(planner: planner)
  }

  /// Says what a request will run; nothing is loaded.
  /// - Throws: ``GenerationError`` for a value that means nothing and for weights that are missing or damaged,
  ///   `ModelError` for a size that the model cannot make.
  public func plan(_ request: GenerationRequest) throws -> GenerationPlan {
    try planner.plan(request)
  }

  /// Makes a video and tells what happens on the way; the last event holds the video.
  public func events(for request: GenerationRequest) -> EventStream<GenerationEvent> {
    let worker = worker
    return EventStream { send in
      try await worker.generate([request]) { _, event in send(event) }
    }
  }

  /// Makes many videos with one loading of each network; every video is decoded as soon as its latents are there.
  public func events(for requests: [GenerationRequest]) -> EventStream<BatchEvent> {
    let worker = worker
    return EventStream { send in
      try await worker.generate(requests) { send(BatchEvent(index: $0, event: $1)) }
    }
  }

  /// Makes a video. Canceling the task stops the work after the layer that runs.
  /// - Throws: What ``plan(_:)`` throws, what the model and the device throw, and `CancellationError`.
  public func generate(_ request: GenerationRequest) async throws -> GenerationResult {
    try await Self.result(of: events(for: request))
  }

  /// Decodes saved latents.
  /// - Parameters:
  ///   - path: A safetensors file as ``GenerationRequest/latentsPath`` makes it; its manifest is read where there is one.
  ///   - tiles: Whether to decode in tiles; what the manifest says when `nil`.
  ///   - framesPerSecond: What the manifest or else the model says when `nil`.
  public func decode(
    latentsAt path: String, tiles: DecodingTiles? = nil, framesPerSecond: Int? = nil
  ) -> EventStream<GenerationEvent> {
    let worker = worker
    return EventStream { send in
      try await worker.decode(latentsAt: path, tiles: tiles, framesPerSecond: framesPerSecond, send: send)
    }
  }

  private static func result(of events: EventStream<GenerationEvent>) async throws -> GenerationResult {
    for try await event in events {
      if case .finished(let result) = event { return result }
    }
    // The stream of a canceled reader ends without a result.
    throw CancellationError()
  }
}
