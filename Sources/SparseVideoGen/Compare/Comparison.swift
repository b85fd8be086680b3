import Attention
import Quality
import Synchronization
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
        """, command: command, version: sparseVideoGenVersion,
      machine: [
        NamedValue("model", dense.record.model),
        NamedValue("device", "\(plans.dense.device), \(plans.dense.numbers), threads: \(plans.dense.threads)"),
      ] + machine)
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
    let worker = worker
    return EventStream { send in
      let runs = request.runs
      let plans = try runs.map { try self.plan(request.request($0)) }
      let reference = Mutex<(plan: GenerationPlan, result: GenerationResult)?>(nil)

      // Warm-ups are none of the runs that people are told of.
      let warmUps = request.warmUps.count

      @Sendable func tell(_ index: Int, _ event: GenerationEvent) {
        let (run, count) = (index - warmUps, runs.count - warmUps)
        switch runs[index] {
        case .warmUp: send(.warmingUp(event))
        case .dense: send(.running(event: event, run: run, runs: count, variant: nil))
        case .sparse(_, let variant):
          send(.running(event: event, run: run, runs: count, variant: request.variants[variant]))
        }
      }

      // On the worker's thread: what is measured here would slow the next run down if that went on meanwhile.
      @Sendable func compare(_ index: Int, _ result: GenerationResult) throws {
        tell(index, .finished(result))
        switch runs[index] {
        case .warmUp: break
        case .dense: reference.withLock { $0 = (plans[index], result) }
        case .sparse(let video, let variant):
          guard let dense = reference.withLock({ $0 }) else {
            preconditionFailure("the dense run of a video comes before its sparse ones")
          }
          let pair = try FramePair(reference: dense.result.frames, candidate: result.frames)
          send(
            .compared(
              Comparison(
                video: video, variant: request.variants[variant], plans: (dense.plan, plans[index]),
                dense: dense.result, sparse: result, quality: try VideoQuality(of: pair, perceptual: perceptual))))
        }
      }

      try await worker.generate(runs.map(request.request), send: tell, finish: compare)
    }
  }
}
