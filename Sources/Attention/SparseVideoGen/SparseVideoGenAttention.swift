import Tensor

/// Sparse VideoGen: each head attends within a spatial or a temporal band, chosen for every sample, layer and step
/// from a few sampled query rows.
///
/// - SeeAlso: "Sparse VideoGen: Accelerating Video Diffusion Transformers with Spatial-Temporal Sparsity",
///   <https://arxiv.org/abs/2502.01776>. Unlike the public code, profiling uses exactly the masks that run.
public struct SparseVideoGenAttention: AttentionMechanism {
  private let device: any AttentionDevice
  private let settings: SparseVideoGenSettings
  private let schedule: AttentionSchedule
  private let numbers: AttentionNumbers
  private let dense: DenseAttention
  private let plans: KeyedCache<TokenLayout, MaskPlan, Never>
  private let listener: HeadTraceListener?

  /// Creates the mechanism for one run.
  /// - Parameters:
  ///   - schedule: Which steps and layers are dense.
  ///   - numbers: What is multiplied, in dense calls too; profiling keeps to those of activations.
  ///   - listener: Receives a trace after every call, if anybody listens.
  public init(
    device: any AttentionDevice, settings: SparseVideoGenSettings, schedule: AttentionSchedule,
    numbers: AttentionNumbers = .activations, listener: HeadTraceListener? = nil
  ) {
    self.device = device
    self.settings = settings
    self.schedule = schedule
    self.numbers = numbers
    self.dense = DenseAttention(device: device, numbers: numbers, listener: listener)
    self.plans = MaskPlan.cache(width: settings.bandWidth, blockSize: device.attentionBlockSize)
    self.listener = listener
  }

  /// Attends with full attention where the schedule says so, else within each head's band.
  public func attend(_ projection: AttentionProjection, at site: AttentionSite) throws -> Tensor {
    if schedule.isDense(at: site) { return try dense.attend(projection, at: site) }
    let plan = plans[projection.layout]
    guard let bands = plan.bands else { preconditionFailure("a sparse plan has bands") }
    let profile = try profile(projection, bands: bands, at: site)
    let fixed = fixedPatterns(heads: projection.heads)
    let heads = try numbers.heads(prepare(projection, profile: profile, fixed: fixed), on: device)
    let result = try device.attendBlocks(heads, masks: plan.masks)
    if let listener {
      let pairs = HeadPattern.allCases.map { plan.masks.computedPairs($0) }
      let allPairs = plan.masks.spatial.allPairs * projection.heads
      // What profiling decided stays where it is until somebody asks.
      listener(
        PendingHeadTrace {
          let errors = try profile?.errors
          let patterns = errors?.map(\.pattern) ?? fixed
          return HeadTrace(
            site: site, patterns: patterns, errors: errors,
            computedPairs: patterns.reduce(0) { $0 + pairs[Int($1.rawValue)] }, allPairs: allPairs)
        })
    }
    return result
  }

  private func prepare(
    _ projection: AttentionProjection, profile: (any HeadProfile)?, fixed: [HeadPattern]
  ) throws -> any PreparedHeads {
    guard let profile else { return try device.prepareHeads(projection, patterns: fixed) }
    return try device.prepareHeads(projection, profile: profile)
  }

  /// What profiling finds, or `nil` where the choice needs none.
  private func profile(
    _ projection: AttentionProjection, bands: BandPair, at site: AttentionSite
  ) throws -> (any HeadProfile)? {
    guard settings.patternChoice == .profiled else { return nil }
    let rows = ProfiledRows(
      layout: projection.layout, count: settings.profiledRowCount(in: projection.layout), seed: settings.seed)
    return try device.profileHeads(projection, rows: rows.draw(at: site), bands: bands)
  }

  private func fixedPatterns(heads: Int) -> [HeadPattern] {
    [HeadPattern](repeating: settings.patternChoice == .temporal ? .temporal : .spatial, count: heads)
  }
}
