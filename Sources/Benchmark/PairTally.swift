import Attention
import Synchronization

/// Counts the query-key pairs of a step.
final class PairTally: Sendable {
  private let pending = Mutex<[PendingHeadTrace]>([])

  /// Receives a trace.
  func add(_ trace: PendingHeadTrace) { pending.withLock { $0.append(trace) } }

  /// Begins anew.
  /// - Returns: The fraction of the pairs that was computed.
  func takeDensity() throws -> Double {
    let traces = try pending.withLock { pending in
      defer { pending = [] }
      return try pending.map { try $0.resolved() }
    }
    let all = traces.reduce(0) { $0 + $1.allPairs }
    return all == 0 ? 1 : Double(traces.reduce(0) { $0 + $1.computedPairs }) / Double(all)
  }
}
