/// A kind of work that a device does.
public enum OperationKind: String, Hashable, Sendable, Codable, CaseIterable {
  /// QK-norm, rotary embedding, placement and packing.
  case prepare
  /// Online profiling of heads.
  case profile
  /// Block-sparse and dense attention.
  case attention
  /// Linear layers.
  case linear
  /// Convolutions.
  case convolution
  /// Norms, elementwise operations, text attention and copies.
  case other
}

/// Wall time by kind of work, in seconds.
public struct OperationTimes: Hashable, Sendable, Codable {
  private var seconds: [OperationKind: Double] = [:]

  /// All times zero.
  public init() {}

  /// The seconds that went into work of one kind.
  public subscript(kind: OperationKind) -> Double {
    get { seconds[kind] ?? 0 }
    set { seconds[kind] = newValue }
  }

  /// The time that passed between two readings.
  public static func - (later: OperationTimes, earlier: OperationTimes) -> OperationTimes {
    var result = OperationTimes()
    for kind in OperationKind.allCases { result[kind] = later[kind] - earlier[kind] }
    return result
  }

  /// Two stretches of time together.
  public static func + (one: OperationTimes, other: OperationTimes) -> OperationTimes {
    var result = OperationTimes()
    for kind in OperationKind.allCases { result[kind] = one[kind] + other[kind] }
    return result
  }
}
