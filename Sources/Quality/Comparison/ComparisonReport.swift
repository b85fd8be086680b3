import Foundation

/// A dense and a sparse generation from one seed, and what came of them: everything that a report shows, but the
/// pictures.
public struct ComparisonReport: Hashable, Sendable, Codable {
  /// The prompt of both runs.
  public var prompt: String
  /// The seed of both runs.
  public var seed: UInt64
  /// The run with full attention.
  public var dense: RunRecord
  /// The run that is compared with it.
  public var sparse: RunRecord
  /// The quality of the sparse video against the dense one.
  public var quality: VideoQuality
  /// The patterns of the sparse run, or `nil` where nobody listened.
  public var heads: HeadMap?
  /// Other densities and methods, when several were run; the points of one method in the order of their density.
  public var curve: [DensityPoint]
  /// How floating-point operations were counted, as a sentence.
  public var operationConvention: String?
  /// The exact command that makes this comparison again.
  public var command: String
  /// The version of the program.
  public var version: String
  /// The machine: processor, cores, memory, device, libraries, in the order to be shown.
  public var machine: [NamedValue]

  /// Creates a report.
  public init(
    prompt: String, seed: UInt64, dense: RunRecord, sparse: RunRecord, quality: VideoQuality, heads: HeadMap? = nil,
    curve: [DensityPoint] = [], operationConvention: String? = nil, command: String, version: String,
    machine: [NamedValue]
  ) {
    self.prompt = prompt
    self.seed = seed
    self.dense = dense
    self.sparse = sparse
    self.quality = quality
    self.heads = heads
    self.curve = curve
    self.operationConvention = operationConvention
    self.command = command
    self.version = version
    self.machine = machine
  }

  /// How many times faster the whole sparse run was; `nil` when it took no measurable time.
  public var measuredSpeedUp: Double? {
    sparse.totalSeconds > 0 ? dense.totalSeconds / sparse.totalSeconds : nil
  }

  /// How many times faster the sparse run can be at best, from the dense run's attention share and the sparse run's
  /// computed density.
  public var attainableSpeedUp: Double {
    Quality.attainableSpeedUp(
      attentionShare: min(max(dense.attentionShare, 0), 1), density: min(max(sparse.computedDensity, 0), 1))
  }

  /// The report as JSON, keys sorted; an infinite ratio is the string `infinite`, one that is no number `NaN`.
  /// - Throws: ``QualityError`` with code `invalidComparison` when it cannot be put into JSON.
  public func json() throws -> Data {
    do {
      return try ReportCoding.encoder.encode(self)
    } catch {
      throw QualityError(.invalidComparison, "the comparison cannot be put into JSON", cause: error)
    }
  }

  /// Reads what ``json()`` wrote.
  /// - Throws: ``QualityError`` with code `invalidComparison`.
  public init(json: Data) throws {
    do {
      self = try ReportCoding.decoder.decode(ComparisonReport.self, from: json)
    } catch {
      throw QualityError(.invalidComparison, "the text is no comparison that this version wrote", cause: error)
    }
  }
}
