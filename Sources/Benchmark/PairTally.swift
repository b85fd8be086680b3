import Attention
import Synchronization

/// Counts the query-key pairs of a step.
final class PairTally: Sendable {
  private let pairs = Mutex((computed: 0, all: 0))

  /// Receives a trace.
  func add(_ trace: HeadTrace) {
    pairs.withLock {
      $0.computed += trace.computedPairs
      $0.all += trace.allPairs
    }
  }

  /// Begins anew.
  func reset() { pairs.withLock { $0 = (0, 0) } }

  /// The fraction of the pairs that was computed.
  var density: Double { pairs.withLock { $0.all == 0 ? 1 : Double($0.computed) / Double($0.all) } }
}
