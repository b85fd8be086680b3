/// What one call of attention decided and computed.
public struct HeadTrace: Hashable, Sendable, Codable {
  /// Which call it was.
  public let site: AttentionSite
  /// The pattern of each head, or `nil` where attention was dense.
  public let patterns: [HeadPattern]?
  /// The profiling errors of each head, or `nil` where nothing was profiled.
  public let errors: [ProfilingError]?
  /// The query-key pairs that were computed, all heads together.
  public let computedPairs: Int
  /// The query-key pairs of full attention, all heads together.
  public let allPairs: Int

  /// Creates a trace.
  public init(
    site: AttentionSite, patterns: [HeadPattern]?, errors: [ProfilingError]?, computedPairs: Int, allPairs: Int
  ) {
    self.site = site
    self.patterns = patterns
    self.errors = errors
    self.computedPairs = computedPairs
    self.allPairs = allPairs
  }
}

/// A trace whose decisions the device may still have to make.
public struct PendingHeadTrace: Sendable {
  private let read: @Sendable () throws -> HeadTrace

  /// Creates a trace.
  /// - Parameter read: Makes it; may wait for the device.
  public init(_ read: @escaping @Sendable () throws -> HeadTrace) {
    self.read = read
  }

  /// The trace; waits for the device where it must. Best read at the end of a step, when nothing is left to wait for.
  /// - Throws: What the device throws.
  public func resolved() throws -> HeadTrace { try read() }
}

/// Receives a trace after every call of attention.
public typealias HeadTraceListener = @Sendable (PendingHeadTrace) -> Void
