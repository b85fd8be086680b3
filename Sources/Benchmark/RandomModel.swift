import Checkpoint
import Compute
import Diffusion
import Models
import SparseVideoGen
import Tensor

/// A model with random weights, of which only the configurations are read, and the video that it is measured with.
///
/// Random weights take the time and the memory of trained ones.
public struct RandomModel: Sendable {
  /// Where the configurations are.
  public let source: ModelSource
  /// Columns of pixels; the model's own number when `nil`.
  public let width: Int?
  /// Rows of pixels; the model's own number when `nil`.
  public let height: Int?
  /// Frames of the video; the model's own number when `nil`.
  public let frames: Int?

  /// Names a model and a video.
  public init(_ source: ModelSource, width: Int? = nil, height: Int? = nil, frames: Int? = nil) {
    self.source = source
    (self.width, self.height, self.frames) = (width, height, frames)
  }

  /// Reads the configurations and takes the device into use.
  /// - Throws: `GenerationError` for a size or options that mean nothing, `ModelError` for a size that the model cannot make,
  ///   and what is wrong with the directory or the device.
  func prepared(_ options: GeneratorOptions) throws -> PreparedModel {
    try GenerationRequest(prompt: "-", width: width, height: height, frames: frames).check()
    try options.check()
    let chosen = try options.makeDevice()
    let pipeline = try VideoPipeline(directory: source.directory().withRandomWeights(), device: chosen.device)
    let video = pipeline.model.description.size(width: width, height: height, frames: frames)
    try pipeline.model.sizeRule.check(video)
    return PreparedModel(planner: Planner(pipeline: pipeline, source: source, chosen: chosen), video: video)
  }
}

/// A ``RandomModel`` on its device; nothing is loaded.
struct PreparedModel {
  let planner: Planner
  let video: VideoSize

  var model: any VideoModel { planner.pipeline.model }
  var device: any ComputeDevice { planner.pipeline.device }

  /// A result of work on this model.
  func result(
    _ benchmark: String, _ variant: String, shape: [(String, Int)] = [], _ samples: Samples
  ) -> BenchmarkResult {
    let extents = [("width", video.width), ("height", video.height), ("frames", video.frames)] + shape
    var result = BenchmarkResult(
      benchmark: benchmark, variant: variant,
      shape: extents.map { BenchmarkResult.Extent(name: $0.0, value: $0.1) }, samples: samples)
    result.elementType = device.activationType.rawValue
    result.instructionSet = planner.chosen.name
    result.threads = planner.chosen.threads
    return result
  }
}

extension BenchmarkResult {
  /// Adds the seconds of each kind of operation, medians over rounds.
  mutating func addMedians(of times: [OperationTimes]) {
    figures += OperationKind.allCases.map { kind in
      ("\(kind.rawValue)_seconds", Samples(times.map { $0[kind] }).median)
    }
  }

  /// Adds what a GPU was asked, medians over rounds; nothing where there is none.
  mutating func addMedians(of activity: [CUDAActivity]) {
    guard !activity.isEmpty else { return }
    func median(_ value: (CUDAActivity) -> Double) -> Double { Samples(activity.map(value)).median }
    figures += [
      ("launches", median { Double($0.launches) }), ("allocations", median { Double($0.allocations) }),
      ("copies", median { Double($0.copies) }), ("waits", median { Double($0.waits) }),
      ("waiting_seconds", median(\.waitingSeconds)),
    ]
  }
}
