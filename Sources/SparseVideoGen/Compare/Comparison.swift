import Attention
import Quality

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
  ///   - pictures: The encoded frames, whose time is told; `nil` where there are none.
  public func report(
    command: String, machine: [NamedValue], includesHeads: Bool, pictures: ComparisonPictures? = nil
  ) -> ComparisonReport {
    ComparisonReport(
      prompt: dense.record.prompt, seed: dense.record.seed,
      dense: RunRecord(
        dense, plan: plans.dense, label: "dense", settings: nil, encodingSeconds: pictures?.dense.seconds),
      sparse: RunRecord(
        sparse, plan: plans.sparse, label: variant.name, settings: variant.settings,
        encodingSeconds: pictures?.sparse.seconds),
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
