import Quality
import Synchronization

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
  /// first dense ones, are taken once as well: their time counts to both, so that times are those of whole runs. A
  /// short run that is discarded warms the device up.
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
