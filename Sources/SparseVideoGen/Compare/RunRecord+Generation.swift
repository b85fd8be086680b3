import Attention
import Compute
import Figures
import Quality

extension RunRecord {
  /// The record of a generation.
  /// - Parameters:
  ///   - settings: Of sparse attention, if that is what ran.
  ///   - encodingSeconds: How long encoding the frames took; `nil` when they were not encoded.
  init(
    _ result: GenerationResult, plan: GenerationPlan, label: String, settings: SparseVideoGenSettings?,
    encodingSeconds: Double?
  ) {
    let operations = result.times.denoisingOperations
    let measured: [(RunPhase, Double)] = [
      (.profiling, operations[.profile]), (.prepare, operations[.prepare]), (.attention, operations[.attention]),
      (.linear, operations[.linear]),
    ]
    // Whatever of the steps is none of these: norms, the scheduler, copies.
    let other = result.times.denoising - measured.reduce(0) { $0 + $1.1 }
    let phases =
      measured + [
        (.text, result.times.encoding), (.other, max(0, other)), (.vae, result.times.decoding),
        (.encode, encodingSeconds ?? 0),
      ]
    self.init(
      label: label, settings: Self.settings(result.record) + (settings.map { Self.settings($0, plan: plan) } ?? []),
      askedDensity: settings?.askedDensity,
      computedDensity: result.attention.density,
      seconds: Dictionary(uniqueKeysWithValues: phases.filter { $0.1 > 0 }),
      floatingPointOperations: plan.work.linear
        + 4 * Double(plan.model.headDimension) * Double(result.attention.computedPairs))
  }

  /// What any run has.
  private static func settings(_ record: GenerationRecord) -> [NamedValue] {
    var values = [
      NamedValue("size", "\(record.width)×\(record.height)"), NamedValue("frames", "\(record.frames)"),
      NamedValue("steps", "\(record.steps)"), NamedValue("guidance", Figure.number(Double(record.guidance))),
    ]
    if let numbers = record.attentionNumbers { values.append(NamedValue("attention in", numbers.rawValue)) }
    return values
  }

  private static func settings(_ settings: SparseVideoGenSettings, plan: GenerationPlan) -> [NamedValue] {
    let schedule = plan.attention.schedule
    var values = [
      NamedValue("dense steps", "\(settings.denseSteps) (\(schedule.denseSteps) of \(schedule.steps))"),
      NamedValue("dense layers", "\(settings.denseLayers) (\(schedule.denseLayers) of \(schedule.layers))"),
    ]
    if settings.patternChoice == .profiled {
      let rows = plan.attention.profiledRows
      values.append(NamedValue("sampled rows", "\(settings.profiledRows) (\(rows) of \(plan.layout.videoTokens))"))
    }
    if case .explicit(let frames, let tokens) = settings.bandWidth {
      values.append(NamedValue("band", "\(frames) frames, \(tokens) tokens"))
    }
    return values
  }
}
