import Attention

/// How the transformer attends.
public enum AttentionChoice: Hashable, Sendable {
  /// To every token: what sparse attention is compared with, by the same kernel.
  case dense
  /// With Sparse VideoGen, or one of its two ablations.
  case sparse(SparseVideoGenSettings)

  /// Sparse VideoGen as the paper has it.
  /// - Parameter density: The fraction of the query-key pairs that a sparse call computes, above 0 and at most 1.
  public static func sparseVideoGen(density: Double = 0.3) -> AttentionChoice {
    .sparse(SparseVideoGenSettings(bandWidth: .density(density)))
  }

  /// The settings of sparse attention, if that is what runs.
  public var settings: SparseVideoGenSettings? {
    guard case .sparse(let settings) = self else { return nil }
    return settings
  }

  /// The name on the command line: `dense`, `svg`, `spatial` or `temporal`.
  public var name: String {
    switch settings?.patternChoice {
    case nil: "dense"
    case .profiled: "svg"
    case .spatial: "spatial"
    case .temporal: "temporal"
    }
  }
}
