#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What one piece of work of a benchmark took, beside what it could take: a line of its table, an object of its JSON.
///
/// What a benchmark does not measure is `nil`, and missing in JSON.
public struct BenchmarkResult: Sendable {
  /// A number of the shape, for example `tokens`.
  public struct Extent: Hashable, Sendable {
    /// The name of an option, with underscores.
    public let name: String
    /// The number.
    public let value: Int
  }

  /// The name of the subcommand, for example `attention`.
  public let benchmark: String
  /// What distinguishes the line from the others of the run, for example `band` or `svg`.
  public let variant: String
  /// The shape.
  public let shape: [Extent]
  /// How the shape differs from that of the model whose name it bears, if it does.
  public var scaling: String?
  /// The instruction set of our kernels.
  public var instructionSet = ""
  /// The type of activations.
  public var elementType = ""
  /// How many threads worked.
  public var threads = 0
  /// The times.
  public let samples: Samples

  /// Floating-point operations that the result needs: two for each product of a kept pair, a weight or a tap.
  public var usefulOperations: Double?
  /// Floating-point operations per second that the processor reaches in registers, measured in the same rounds.
  public var peakOperationsPerSecond: Double?
  /// Bytes that must be read and written.
  public var bytes: Double?
  /// The time of a `memcpy` of as many bytes, measured in the same rounds.
  public var copy: Samples?
  /// The fraction of the query-key pairs that whole blocks come to.
  public var density: Double?
  /// The fraction of the query-key pairs that the bands keep; what `usefulOperations` counts.
  public var keptFraction: Double?
  /// The half-width of the bands in tokens.
  public var halfWidth: Int?
  /// The time of our dense attention, measured in the same rounds.
  public var dense: Samples?
  /// Other figures, by their JSON names.
  public var figures: [(name: String, value: Double)] = []

  /// Billions of useful operations per second.
  public var usefulGFLOPS: Double? { usefulOperations.map { $0 / samples.median * 1e-9 } }
  /// Useful operations per second as a share of the peak.
  public var shareOfPeak: Double? {
    guard let usefulGFLOPS, let peakOperationsPerSecond, peakOperationsPerSecond > 0 else { return nil }
    return usefulGFLOPS * 1e9 / peakOperationsPerSecond
  }
  /// Billions of bytes per second.
  public var gigabytesPerSecond: Double? { bytes.map { $0 / samples.median * 1e-9 } }
  /// The time of a copy as a share of the time of the work.
  public var shareOfCopy: Double? { copy.map { $0.median / samples.median } }
  /// How many times faster than dense attention.
  public var speedup: Double? { dense.map { $0.median / samples.median } }
  /// The speed-up as a share of the one that the density promises.
  public var shareOfIdeal: Double? { speedup.flatMap { speedup in density.map { speedup * $0 } } }
}

extension BenchmarkResult: Encodable {
  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Writes one flat object: names with units, the numbers of the shape among them.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    func encode(_ name: String, _ value: (some Encodable)?) throws {
      try container.encodeIfPresent(value, forKey: Key(name))
    }
    try encode("benchmark", benchmark)
    try encode("variant", variant)
    for extent in shape { try encode(extent.name, extent.value) }
    try encode("scaling", scaling)
    try encode("instruction_set", instructionSet)
    try encode("element_type", elementType)
    try encode("threads", threads)
    try encode("rounds", samples.seconds.count)
    try encode("median_milliseconds", samples.median * 1e3)
    try encode("minimum_milliseconds", samples.minimum * 1e3)
    try encode("spread", samples.spread)
    try encode("useful_gflops", usefulGFLOPS)
    try encode("peak_gflops", peakOperationsPerSecond.map { $0 * 1e-9 })
    try encode("share_of_peak", shareOfPeak)
    try encode("gigabytes_per_second", gigabytesPerSecond)
    try encode("share_of_copy", shareOfCopy)
    try encode("density", density)
    try encode("kept_fraction", keptFraction)
    try encode("half_width", halfWidth)
    try encode("speedup_over_dense", speedup)
    try encode("share_of_ideal_speedup", shareOfIdeal)
    for figure in figures { try encode(figure.name, figure.value) }
  }

  /// The result as one line of JSON.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
