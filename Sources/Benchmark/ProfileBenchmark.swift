import Attention
import Compute
import Tensor

/// Online profiling of sampled rows, beside the dense attention whose cost it is a share of.
public struct ProfileBenchmark: Sendable {
  /// The sizes.
  public let shape: AttentionShape
  /// Sampled rows.
  public let rows: Int
  /// The density of the bands.
  public let density: Double

  /// Creates a benchmark.
  /// - Throws: ``BenchmarkError`` for sizes that no kernel takes, a density outside (0, 1), and more rows than tokens.
  public init(_ shape: AttentionShape, rows: Int, density: Double) throws(BenchmarkError) {
    try shape.check()
    try require("--profile-rows", rows)
    guard rows <= shape.layout.videoTokens else {
      throw BenchmarkError("--profile-rows must be at most \(shape.layout.videoTokens), the video tokens, not \(rows)")
    }
    guard density > 0, density < 1 else {
      throw BenchmarkError("--density must lie between 0 and 1 for profiling, not \(density)")
    }
    self.shape = shape
    self.rows = rows
    self.density = density
  }

  /// Measures profiling and dense attention alternately.
  public func run(on machine: BenchmarkMachine) throws -> [BenchmarkResult] {
    let device = machine.device
    let projection = try shape.projection(on: machine)
    let heads = try device.prepareHeads(projection, patterns: shape.patterns)
    let blockSize = device.attentionBlockSize
    let bands = BandPair(.density(density), layout: shape.layout, blockSize: blockSize)
    let masks = PatternMasks(layout: shape.layout, bands: nil, blockSize: blockSize)
    let tokens = shape.layout.videoTokens
    let sampled = (0..<rows).map { VideoIndex<FrameMajor>($0 * tokens / rows) }
    let (samples, peak) = try machine.measure([
      Contender(name: "profile") { _ = try device.profileHeads(projection, rows: sampled, bands: bands) },
      Contender(name: "dense") { _ = try device.attendBlocks(heads, masks: masks) },
    ])
    let shares = shape.patterns.map { shape.keptPairs(bands, $0) / shape.keptPairs(nil, $0) }
    let kept = shares.reduce(0, +) / Double(shape.heads)
    var result = machine.result("profile", "\(rows) rows", shape.extents, samples[0])
    result.scaling = shape.scaling
    // One product with keys and three with values, two of them within a band.
    let pairs = Double(rows * shape.layout.attendedTokens * shape.heads)
    result.usefulOperations = 2 * Double(shape.headDimension) * pairs * (2 + 2 * kept)
    result.peakOperationsPerSecond = peak
    result.keptFraction = kept
    result.halfWidth = bands.spatial.halfWidth
    result.figures = [("share_of_dense_attention", samples[0].median / samples[1].median)]
    return [result]
  }
}
