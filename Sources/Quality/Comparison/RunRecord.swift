/// A part of a generation whose time is measured.
public enum RunPhase: String, Hashable, Sendable, Codable, CodingKeyRepresentable, CaseIterable {
  /// The text encoder.
  case text
  /// Finding the patterns of the heads.
  case profiling
  /// Normalizing, rotating, placing and packing queries, keys and values.
  case prepare
  /// Softmax attention over the pairs that are kept.
  case attention
  /// All other matrix products of the transformer.
  case linear
  /// What no other phase covers, so that the phases add up to the whole run.
  case other
  /// The decoder of the VAE.
  case vae
  /// Writing the video file.
  case encode

  /// What people read: `text encoder`, `VAE`, ….
  public var label: String {
    switch self {
    case .text: "text encoder"
    case .profiling: "profiling"
    case .prepare: "prepare"
    case .attention: "attention"
    case .linear: "linear"
    case .other: "other"
    case .vae: "VAE"
    case .encode: "encode"
    }
  }
}

/// A name and a value as people read them: a setting, a version, a property of the machine.
public struct NamedValue: Hashable, Sendable, Codable {
  /// What it is, for example `dense steps`.
  public var name: String
  /// The value, for example `25 % (12 of 50)`.
  public var value: String

  /// Creates a named value.
  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

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

  /// Seconds of the whole run: the sum of its phases.
  public var totalSeconds: Double { seconds.values.reduce(0, +) }

  /// The share of the run's time that softmax attention takes, in `0...1`; 0 for a run that took no time.
  public var attentionShare: Double {
    totalSeconds > 0 ? (seconds[.attention] ?? 0) / totalSeconds : 0
  }
}
