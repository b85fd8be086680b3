/// One generation of a comparison: how it was asked for and what it cost.
public struct RunRecord: Hashable, Sendable, Codable {
  /// The attention method as people read it, for example `dense` or `Sparse VideoGen`.
  public var label: String
  /// The settings that tell this run from others, in the order to be shown.
  public var settings: [NamedValue]
  /// The density that was asked for, in `0...1`; `nil` where none was.
  public var askedDensity: Double?
  /// The fraction of query-key pairs that was computed over the whole run, dense steps and layers included.
  public var computedDensity: Double
  /// Seconds of each phase; a phase that is missing took none.
  public var seconds: [RunPhase: Double]
  /// Floating-point operations of the whole run, or `nil` where nobody counted; the convention is that of the caller
  /// (usually two per multiplication and addition) and is stated in ``ComparisonReport/operationConvention``.
  public var floatingPointOperations: Double?

  /// Creates a record.
  public init(
    label: String, settings: [NamedValue] = [], askedDensity: Double? = nil, computedDensity: Double,
    seconds: [RunPhase: Double], floatingPointOperations: Double? = nil
  ) {
    self.label = label
    self.settings = settings
    self.askedDensity = askedDensity
    self.computedDensity = computedDensity
    self.seconds = seconds
    self.floatingPointOperations = floatingPointOperations
  }

  /// Seconds of the whole run, from the prompt to the frames: the sum of its phases but ``RunPhase/encode``.
  public var totalSeconds: Double {
    // In the order of the phases: a dictionary has none, and rounding would make the sum another one each time.
    RunPhase.allCases.filter { $0 != .encode }.reduce(0) { $0 + (seconds[$1] ?? 0) }
  }

  /// The share of the run's time that softmax attention takes, in `0...1`; 0 for a run that took no time.
  public var attentionShare: Double {
    totalSeconds > 0 ? (seconds[.attention] ?? 0) / totalSeconds : 0
  }
}
