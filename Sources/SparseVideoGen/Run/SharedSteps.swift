import Attention
import Compute
import Diffusion

/// How far a run of denoising has come, and what that cost: where other runs go on.
struct DenoisingProgress: Sendable {
  /// The run after its last finished step.
  let loop: DenoisingLoop
  /// How long its steps took.
  let seconds: Double
  /// Where that time went.
  let operations: OperationTimes
  /// What attention computed.
  let attention: AttentionSummary
  /// What each call of attention decided; empty unless the request asks for it.
  let traces: [HeadTrace]
}

/// The first dense steps of requests that differ in nothing but how they attend: taken once, by the first of them.
///
/// Full attention in all layers is the same whatever is to follow, so that a run that goes on from there ends as one that
/// takes all steps itself would, bit for bit. The time of shared steps counts to every run that has them. Requests share
/// with neighbors only: what is kept goes when the last of a row begins, and with it the transformer that it holds.
struct SharedSteps {
  /// For each request the steps, from the first on, in which every layer is dense.
  private let denseSteps: [Int]
  /// For each request the index behind the last of the row that it belongs to.
  private let ends: [Int]
  private var kept: [DenoisingProgress] = []

  /// Finds out which requests can share.
  init(_ requests: [GenerationRequest], plans: [GenerationPlan]) {
    denseSteps = plans.map { plan in
      let schedule = plan.attention.schedule
      return schedule.denseLayers == schedule.layers ? schedule.steps : schedule.denseSteps
    }
    var ends = [Int](repeating: requests.count, count: requests.count)
    for index in requests.indices.dropLast().reversed() {
      ends[index] = requests[index].sharesSteps(with: requests[index + 1]) ? ends[index + 1] : index + 1
    }
    self.ends = ends
  }

  /// Whether this many steps are the most that a run that comes later has in common with the run `index`.
  func wants(_ steps: Int, of index: Int) -> Bool {
    denseSteps[index + 1..<ends[index]].contains { min($0, denseSteps[index]) == steps }
  }

  /// Keeps steps for the runs that come later.
  mutating func keep(_ progress: DenoisingProgress) {
    kept.append(progress)
  }

  /// The most steps that a run need not take itself, `nil` for none. What no later run can use is let go.
  mutating func take(for index: Int) -> DenoisingProgress? {
    defer { if ends[index] == index + 1 { kept = [] } }
    return kept.filter { $0.loop.nextStep <= denseSteps[index] }.max { $0.loop.nextStep < $1.loop.nextStep }
  }
}

extension GenerationRequest {
  /// Whether both make the same video but for the way they attend.
  fileprivate func sharesSteps(with other: GenerationRequest) -> Bool {
    var same = other
    (same.attention, same.latentsPath) = (attention, latentsPath)
    return self == same
  }
}
