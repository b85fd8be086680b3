import Attention
import Synchronization

/// What attention really computed in a run.
public struct AttentionSummary: Sendable, Hashable, Codable {
  /// Query-key pairs that were computed, over all calls and heads.
  public var computedPairs = 0
  /// Query-key pairs of full attention.
  public var allPairs = 0
  /// Calls of full attention.
  public var denseCalls = 0
  /// Calls of sparse attention.
  public var sparseCalls = 0
  /// Heads that were spatial, over all sparse calls.
  public var spatialHeads = 0
  /// Heads that were temporal, over all sparse calls.
  public var temporalHeads = 0

  /// The fraction of the query-key pairs that was computed; 1 when nothing ran.
  public var density: Double { allPairs == 0 ? 1 : Double(computedPairs) / Double(allPairs) }

  /// Adds a call.
  mutating func add(_ trace: HeadTrace) {
    computedPairs += trace.computedPairs
    allPairs += trace.allPairs
    if let patterns = trace.patterns {
      sparseCalls += 1
      let spatial = patterns.count { $0 == .spatial }
      spatialHeads += spatial
      temporalHeads += patterns.count - spatial
    } else {
      denseCalls += 1
    }
  }
}

/// Sums up traces while a run goes on.
final class AttentionTally: Sendable {
  private let state: Mutex<(run: AttentionSummary, step: AttentionSummary, traces: [HeadTrace])>
  private let keepsTraces: Bool

  /// - Parameters:
  ///   - keepsTraces: Whether the traces themselves are kept beside their sums.
  ///   - run: What ran already.
  ///   - traces: Its traces.
  init(keepsTraces: Bool, run: AttentionSummary = AttentionSummary(), traces: [HeadTrace] = []) {
    self.keepsTraces = keepsTraces
    state = Mutex((run, AttentionSummary(), traces))
  }

  /// Receives a trace.
  func add(_ trace: HeadTrace) {
    state.withLock {
      $0.run.add(trace)
      $0.step.add(trace)
      if keepsTraces { $0.traces.append(trace) }
    }
  }

  /// The traces of the run so far; empty where they are not kept.
  var traces: [HeadTrace] { state.withLock { $0.traces } }

  /// What ran since the last call of this method.
  func takeStep() -> AttentionSummary {
    state.withLock { state in
      defer { state.step = AttentionSummary() }
      return state.step
    }
  }

  /// What ran in all.
  var run: AttentionSummary { state.withLock { $0.run } }
}
