import Attention
import Compute
import Tensor

/// Softmax attention over prepared heads: dense, and within bands of some densities.
public struct AttentionBenchmark: Sendable {
  /// The sizes.
  public let shape: AttentionShape
  /// What to measure; 1 is dense attention.
  public let densities: [Double]

  /// Creates a benchmark.
  /// - Throws: ``BenchmarkError`` for sizes that no kernel takes and for densities outside (0, 1].
  public init(_ shape: AttentionShape, densities: [Double]) throws(BenchmarkError) {
    try shape.check()
    for density in densities {
      guard density > 0, density <= 1 else {
        throw BenchmarkError("--density must lie above 0 and be at most 1, not \(density)")
      }
    }
    self.shape = shape
    self.densities = densities
  }

  /// The bands of a density; `nil` for dense attention.
  static func bands(_ density: Double, _ shape: AttentionShape, on device: CPUDevice) -> BandPair? {
    density == 1
      ? nil : BandPair(.density(density), layout: shape.layout, blockSize: device.attentionBlockSize)
  }

  /// Measures all densities alternately.
  public func run(on machine: BenchmarkMachine) throws -> [BenchmarkResult] {
    let device = machine.device
    let projection = try shape.projection(on: machine)
    let heads = try device.prepareHeads(projection, patterns: shape.patterns)
    let plans = densities.map { density in
      let bands = Self.bands(density, shape, on: device)
      return (
        bands: bands, masks: PatternMasks(layout: shape.layout, bands: bands, blockSize: device.attentionBlockSize)
      )
    }
    let (samples, peak) = try machine.measure(
      plans.map { plan in
        Contender(name: "attention") { _ = try device.attendBlocks(heads, masks: plan.masks) }
      })
    let dense = densities.firstIndex(of: 1).map { samples[$0] }
    return plans.indices.map { index in
      let (bands, masks) = plans[index]
      let kept = shape.patterns.reduce(0) { $0 + shape.keptPairs(bands, $1) }
      let all = Double(masks.spatial.allPairs * shape.heads)
      var result = machine.result(
        "attention", bands == nil ? "dense" : "band \(densities[index])", shape.extents, samples[index])
      result.scaling = shape.scaling
      result.usefulOperations = 4 * Double(shape.headDimension) * kept
      result.peakOperationsPerSecond = peak
      result.density = Double(shape.patterns.reduce(0) { $0 + masks.computedPairs($1) }) / all
      result.keptFraction = kept / all
      result.halfWidth = bands?.spatial.halfWidth
      result.dense = bands == nil ? nil : dense
      return result
    }
  }
}
