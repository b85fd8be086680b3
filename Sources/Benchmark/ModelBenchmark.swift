import Compute
import SparseVideoGen

/// Whole videos from a model: where the time goes, and how dense and sparse attention compare.
public struct ModelBenchmark: Sendable {
  /// The requests, run alternately.
  public let requests: [GenerationRequest]
  /// How often each is run.
  public let rounds: Int

  /// Creates a benchmark.
  /// - Throws: ``BenchmarkError`` for a number of rounds that is not positive.
  public init(_ requests: [GenerationRequest], rounds: Int) throws(BenchmarkError) {
    try require("--rounds", rounds)
    self.requests = requests
    self.rounds = rounds
  }

  /// Makes the videos; nothing is written to the disk.
  ///
  /// Nothing runs unmeasured before: loading, which maps files, is part of what a person waits for.
  /// - Throws: What making a video throws.
  public func run(_ generator: VideoGenerator) async throws -> [BenchmarkResult] {
    var runs = [[GenerationResult]](repeating: [], count: requests.count)
    for _ in 0..<rounds {
      for (index, request) in requests.enumerated() { runs[index].append(try await generator.generate(request)) }
    }
    return try runs.indices.map {
      result(requests[$0], runs[$0], threads: try generator.plan(requests[$0]).threads)
    }
  }

  private func result(_ request: GenerationRequest, _ runs: [GenerationResult], threads: Int) -> BenchmarkResult {
    func median(_ value: (GenerationResult) -> Double) -> Double { Samples(runs.map(value)).median }
    let record = runs[0].record
    var result = BenchmarkResult(
      benchmark: "model", variant: request.attention.name + request.attentionNumbers.suffix,
      shape: [("width", record.width), ("height", record.height), ("frames", record.frames), ("steps", record.steps)]
        .map { BenchmarkResult.Extent(name: $0.0, value: $0.1) },
      samples: Samples(runs.map(\.times.total)))
    result.threads = threads
    result.elementType = record.numbers
    result.instructionSet = record.device
    result.density = runs[0].attention.density
    let operations = OperationKind.allCases
    result.figures = [
      ("loading_seconds", median(\.times.loading)),
      ("seconds_to_first_step", median { $0.times.loading + $0.times.encoding }),
      ("denoising_seconds", median(\.times.denoising)), ("decoding_seconds", median(\.times.decoding)),
    ]
    result.figures += operations.map { kind in
      ("denoising_\(kind.rawValue)_seconds", median { $0.times.denoisingOperations[kind] })
    }
    // What is neither attention nor a matrix product: the rest of the wall time, unaccounted moments included.
    result.figures.append(
      (
        "share_outside_attention_and_linear",
        median {
          let times = $0.times.denoisingOperations
          return 1 - (times[.attention] + times[.linear] + times[.convolution]) / $0.times.denoising
        }
      ))
    if let peak = runs.compactMap(\.peakMemory).max() {
      result.figures.append(("peak_memory_megabytes", Double(peak) / 1e6))
    }
    return result
  }
}
