import Attention

/// Videos to make once with full attention and once with each of some settings of sparse attention.
public struct ComparisonRequest: Hashable, Sendable {
  /// The videos, each with its prompt and seed; how they attend does not matter.
  public var videos: [GenerationRequest]
  /// What is compared with full attention.
  public var variants: [ComparisonVariant]

  /// Creates a request.
  /// - Precondition: There is at least one video and one variant.
  public init(videos: [GenerationRequest], variants: [ComparisonVariant]) {
    precondition(!videos.isEmpty && !variants.isEmpty, "a comparison has a video and something to compare")
    self.videos = videos
    self.variants = variants
  }

  /// A run of a comparison.
  struct Run: Hashable, Sendable {
    /// Which of the videos.
    let video: Int
    /// Which of the variants; `nil` for full attention.
    let variant: Int?
  }

  /// The runs in their order.
  ///
  /// The first run of a process is slower than the others: memory is new and caches are cold. So a sparse run comes first,
  /// never the dense one that all speed-ups are measured against.
  var runs: [Run] {
    videos.indices.flatMap { video in
      [Run(video: video, variant: 0), Run(video: video, variant: nil)]
        + variants.indices.dropFirst().map { Run(video: video, variant: $0) }
    }
  }

  /// The request of a run.
  func request(_ run: Run) -> GenerationRequest {
    var request = videos[run.video]
    request.attention = run.variant.map { .sparse(variants[$0].settings) } ?? .dense
    request.tracesHeads = run.variant != nil
    request.latentsPath = nil
    return request
  }
}

/// Settings of sparse attention under a name.
public struct ComparisonVariant: Hashable, Sendable {
  /// What tells it from the others, for example `svg` or `svg, dense steps 10%`.
  public var name: String
  /// How it attends.
  public var settings: SparseVideoGenSettings

  /// Names settings.
  public init(name: String, settings: SparseVideoGenSettings) {
    self.name = name
    self.settings = settings
  }

  /// The density that is asked for; `nil` where widths are.
  public var askedDensity: Double? {
    guard case .density(let density) = settings.bandWidth else { return nil }
    return density
  }
}
