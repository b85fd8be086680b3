import Attention

/// Which pattern every head took at every step, and why.
public struct HeadMap: Hashable, Sendable, Codable {
  /// Denoising steps of the run.
  public let steps: Int
  /// Layers of the transformer.
  public let layers: Int
  /// Heads of a layer.
  public let heads: Int
  /// Samples of the batch: 2 with guidance, of which 0 is the unconditional one.
  public let samples: Int
  /// The calls of attention, in the order of step, layer and sample.
  public let calls: [HeadTrace]

  /// Orders the traces of a run.
  /// - Parameters:
  ///   - traces: What the listener of a run received, in any order.
  ///   - heads: Heads of a layer, for runs in which every call was dense.
  /// - Precondition: A trace with patterns or errors has one per head.
  public init(_ traces: [HeadTrace], heads: Int) {
    for trace in traces {
      precondition(
        (trace.patterns?.count ?? heads) == heads && (trace.errors?.count ?? heads) == heads,
        "the call at step \(trace.site.step), layer \(trace.site.layer) does not have \(heads) heads")
    }
    self.heads = heads
    steps = (traces.map(\.site.step).max() ?? -1) + 1
    layers = (traces.map(\.site.layer).max() ?? -1) + 1
    samples = (traces.map(\.site.sample).max() ?? -1) + 1
    calls = traces.sorted {
      ($0.site.step, $0.site.layer, $0.site.sample) < ($1.site.step, $1.site.layer, $1.site.sample)
    }
  }

  /// The fraction of query-key pairs that was computed over all calls; 1 when there are none.
  public var computedDensity: Double {
    let all = calls.reduce(0) { $0 + $1.allPairs }
    return all == 0 ? 1 : Double(calls.reduce(0) { $0 + $1.computedPairs }) / Double(all)
  }

  /// How many heads, over all calls, ran dense, spatial and temporal.
  public var headCounts: (dense: Int, spatial: Int, temporal: Int) {
    var counts = (dense: 0, spatial: 0, temporal: 0)
    for call in calls {
      guard let patterns = call.patterns else {
        counts.dense += heads
        continue
      }
      let temporal = patterns.count { $0 == .temporal }
      counts.temporal += temporal
      counts.spatial += patterns.count - temporal
    }
    return counts
  }
}
