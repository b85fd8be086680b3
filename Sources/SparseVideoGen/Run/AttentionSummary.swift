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
  private struct State {
    var run: AttentionSummary
    var traces: [HeadTrace]
    /// Those of the step that runs.
    var pending: [PendingHeadTrace] = []
  }

  private let state: Mutex<State>
  private let keepsTraces: Bool

  /// - Parameters:
  ///   - keepsTraces: Whether the traces themselves are kept beside their sums.
  ///   - run: What ran already.
  ///   - traces: Its traces.
  init(keepsTraces: Bool, run: AttentionSummary = AttentionSummary(), traces: [HeadTrace] = []) {
    self.keepsTraces = keepsTraces
    state = Mutex(State(run: run, traces: traces))
  }

  /// Receives a trace.
  func add(_ trace: PendingHeadTrace) { state.withLock { $0.pending.append(trace) } }

  /// The traces of the finished steps; empty where they are not kept.
  var traces: [HeadTrace] { state.withLock { $0.traces } }

  /// Reads the traces of a step that is finished, when there is nothing left to wait for.
  /// - Returns: What ran since the last call of this method.
  /// - Throws: What the device throws.
  func takeStep() throws -> AttentionSummary {
    let pending = state.withLock { state in
      defer { state.pending = [] }
      return state.pending
    }
    let traces = try pending.map { try $0.resolved() }
    return state.withLock { state in
      var step = AttentionSummary()
      for trace in traces {
        state.run.add(trace)
        step.add(trace)
      }
      if keepsTraces { state.traces += traces }
      return step
    }
  }

  /// What ran in all finished steps.
  var run: AttentionSummary { state.withLock { $0.run } }
}
