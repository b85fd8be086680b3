import Attention
import Quality
import Tensor

/// A dense and a sparse video from one seed, and how near the one comes to the other.
public struct Comparison: Sendable {
  /// Which of the request's videos, from 0.
  public let video: Int
  /// What was compared with full attention.
  public let variant: ComparisonVariant
  /// What both runs were planned to do.
  public let plans: (dense: GenerationPlan, sparse: GenerationPlan)
  /// The run with full attention.
  public let dense: GenerationResult
  /// The run with sparse attention.
  public let sparse: GenerationResult
  /// The quality of the sparse frames, as they were decoded, against the dense ones.
  public let quality: VideoQuality

  /// The comparison without its videos, for text, JSON and the page.
  /// - Parameters:
  ///   - command: The command that makes it again.
  ///   - machine: What it ran on.
  ///   - includesHeads: Whether the patterns of all heads belong to it, some hundred kilobytes.
  public func report(command: String, machine: [NamedValue], includesHeads: Bool) -> ComparisonReport {
    ComparisonReport(
      prompt: dense.record.prompt, seed: dense.record.seed,
      dense: RunRecord(dense, plan: plans.dense, label: "dense", settings: nil),
      sparse: RunRecord(sparse, plan: plans.sparse, label: variant.name, settings: variant.settings),
      quality: quality, heads: includesHeads ? HeadMap(sparse.traces, heads: plans.sparse.model.heads) : nil,
      operationConvention: """
        A multiplication with its addition counts as two. Transformer only: linear layers 24 · S · (H·D)² for each layer \
        and run, attention 4 · D for each query-key pair that was computed.
        """, command: command, version: sparseVideoGenVersion, machine: machine)
  }
}

/// What happened while videos were compared.
public enum ComparisonEvent: Sendable {
  /// Something happened in the short run that comes first and is discarded.
  case warmingUp(GenerationEvent)
  /// Something happened in one of the runs.
  /// - Parameters:
  ///   - run: Which run, from 0.
  ///   - runs: Of how many.
  ///   - variant: What it compares; `nil` for full attention.
  case running(event: GenerationEvent, run: Int, runs: Int, variant: ComparisonVariant?)
  /// A pair of runs is there.
  case compared(Comparison)
}

extension VideoGenerator {
  /// Makes videos with full and with sparse attention and compares them, with one loading of each network.
  ///
  /// Each dense video is made once and compared with every variant. The steps that a variant has in common with it, its
  /// first dense ones, are taken once as well: their time counts to both, so that times are those of whole runs. A short
  /// run that is discarded warms the device up.
  /// - Parameter perceptual: The network of the perceptual distance (LPIPS), if it is to be measured.
  /// - Throws: In the stream, what ``plan(_:)`` and ``generate(_:)`` throw and `QualityError`.
  public func comparisons(
    for request: ComparisonRequest, perceptual: PerceptualSimilarity? = nil
  ) -> EventStream<ComparisonEvent> {
    EventStream { send in
      let runs = request.runs
      var plan: GenerationPlan?
      var reference: (plan: GenerationPlan, result: GenerationResult)?
      for try await item in self.events(for: runs.map(request.request)) {
        let run = runs[item.index]
        func tell(_ variant: ComparisonVariant?) {
          // The warm-up is none of the runs that people are told of.
          send(.running(event: item.event, run: item.index - 1, runs: runs.count - 1, variant: variant))
        }
        switch run {
        case .warmUp: send(.warmingUp(item.event))
        case .dense: tell(nil)
        case .sparse(_, let variant): tell(request.variants[variant])
        }
        if case .planned(let next) = item.event { plan = next }
        guard case .finished(let result) = item.event, let plan else { continue }
        switch run {
        case .warmUp: break
        case .dense: reference = (plan, result)
        case .sparse(let video, let variant):
          guard let reference else { preconditionFailure("the dense run of a video comes before its sparse ones") }
          let pair = try FramePair(reference: reference.result.frames, candidate: result.frames)
          send(
            .compared(
              Comparison(
                video: video, variant: request.variants[variant], plans: (reference.plan, plan),
                dense: reference.result, sparse: result,
                quality: try VideoQuality(of: pair, perceptual: perceptual))))
        }
      }
      try Task.checkCancellation()
    }
  }
}
