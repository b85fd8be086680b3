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
  public func report(command: String, machine: [NamedValue]) -> ComparisonReport {
    ComparisonReport(
      prompt: dense.record.prompt, seed: dense.record.seed,
      dense: RunRecord(dense, plan: plans.dense, label: "dense", settings: nil),
      sparse: RunRecord(sparse, plan: plans.sparse, label: variant.name, settings: variant.settings),
      quality: quality, heads: HeadMap(sparse.traces, heads: plans.sparse.model.heads),
      operationConvention: """
        A multiplication with its addition counts as two. Transformer only: linear layers 24 · S · (H·D)² for each layer \
        and run, attention 4 · D for each query-key pair that was computed.
        """, command: command, version: sparseVideoGenVersion, machine: machine)
  }
}

/// What happened while videos were compared.
public enum ComparisonEvent: Sendable {
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
  /// Each dense video is made once and compared with every variant.
  /// - Parameter perceptual: The network of the perceptual distance (LPIPS), if it is to be measured.
  /// - Throws: In the stream, what ``plan(_:)`` and ``generate(_:)`` throw and `QualityError`.
  public func comparisons(
    for request: ComparisonRequest, perceptual: PerceptualSimilarity? = nil
  ) -> EventStream<ComparisonEvent> {
    EventStream { send in
      let runs = request.runs
      var plans: [Int: GenerationPlan] = [:]
      var dense: (video: Int, run: Int, result: GenerationResult)?
      var waiting: (run: Int, result: GenerationResult)?

      func compare(_ index: Int, _ result: GenerationResult) throws {
        guard let dense, let variant = runs[index].variant, let densePlan = plans[dense.run], let plan = plans[index]
        else { preconditionFailure("run \(index) is compared with the dense run of its video") }
        let pair = try FramePair(reference: dense.result.frames, candidate: result.frames)
        send(
          .compared(
            Comparison(
              video: runs[index].video, variant: request.variants[variant], plans: (densePlan, plan),
              dense: dense.result, sparse: result, quality: try VideoQuality(of: pair, perceptual: perceptual))))
      }

      let stream = self.events(for: runs.map(request.request))
      for try await item in stream {
        let run = runs[item.index]
        send(
          .running(
            event: item.event, run: item.index, runs: runs.count, variant: run.variant.map { request.variants[$0] }))
        switch item.event {
        case .planned(let plan): plans[item.index] = plan
        case .finished(let result):
          if run.variant == nil {
            dense = (run.video, item.index, result)
            if let first = waiting { try compare(first.run, first.result) }
            waiting = nil
          } else if dense?.video == run.video {
            try compare(item.index, result)
          } else {
            waiting = (item.index, result)
          }
        default: break
        }
      }
      try Task.checkCancellation()
    }
  }
}
