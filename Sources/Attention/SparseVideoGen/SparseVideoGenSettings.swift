/// How Sparse VideoGen attention runs.
public struct SparseVideoGenSettings: Hashable, Sendable, Codable {
  /// How a head gets its pattern.
  public enum PatternChoice: String, Hashable, Sendable, Codable, CaseIterable {
    /// By online profiling: the method of the paper.
    case profiled
    /// Every head is spatial: the paper's first ablation.
    case spatial
    /// Every head is temporal: the paper's second ablation.
    case temporal
  }

  /// How a head gets its pattern.
  public var patternChoice: PatternChoice
  /// How wide the bands are.
  public var bandWidth: BandWidth
  /// Steps, from the first on, that run full attention.
  public var denseSteps: Share
  /// Layers, from the first on, that run full attention.
  public var denseLayers: Share
  /// Query rows that profiling samples, of the video tokens.
  public var profiledRows: Share
  /// Where the drawing of the sampled rows starts.
  public var seed: UInt64

  /// Creates settings; the defaults are those of the paper and its scripts.
  public init(
    patternChoice: PatternChoice = .profiled, bandWidth: BandWidth = .density(0.3),
    denseSteps: Share = .fraction(0.25), denseLayers: Share = .fraction(0.03), profiledRows: Share = .count(64),
    seed: UInt64 = 0
  ) {
    self.patternChoice = patternChoice
    self.bandWidth = bandWidth
    self.denseSteps = denseSteps
    self.denseLayers = denseLayers
    self.profiledRows = profiledRows
    self.seed = seed
  }

  /// The density that is asked for, in `0...1`; `nil` where widths are.
  public var askedDensity: Double? {
    guard case .density(let density) = bandWidth else { return nil }
    return density
  }

  /// How many query rows a call of attention profiles: at least one, or none where heads have their pattern from
  /// elsewhere.
  public func profiledRowCount(in layout: TokenLayout) -> Int {
    patternChoice == .profiled ? max(1, profiledRows.resolved(of: layout.videoTokens)) : 0
  }
}
