import Attention

/// Videos to make once with full attention and once with each of some settings of sparse attention.
///
/// Full attention multiplies what the videos say, each variant what it says itself.
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
  enum Run: Hashable, Sendable {
    /// One step of the first video, sparse but for a layer, decoded and discarded.
    ///
    /// The first work of a process is slower than the rest: memory is new, caches are cold, kernels are compiled or
    /// chosen. No run that is timed should pay for that.
    case warmUp(AttentionNumbers)
    /// A video with full attention.
    case dense(video: Int)
    /// A video with one of the variants.
    case sparse(video: Int, variant: Int)
  }

  /// The runs in their order: each dense run right before those that are compared with it, which go on from its first
  /// steps.
  var runs: [Run] {
    warmUps
      + videos.indices.flatMap { video in
        [.dense(video: video)] + variants.indices.map { .sparse(video: video, variant: $0) }
      }
  }

  /// One for each kind of numbers, which have kernels of their own.
  var warmUps: [Run] {
    let used = Set(videos.map(\.attentionNumbers) + variants.map(\.numbers))
    return AttentionNumbers.allCases.filter(used.contains).map { .warmUp($0) }
  }

  /// The request of a run.
  func request(_ run: Run) -> GenerationRequest {
    switch run {
    case .warmUp(let numbers):
      var settings = variants[0].settings
      (settings.denseSteps, settings.denseLayers) = (.count(0), .fraction(0.5))
      var request = request(video: 0, .sparse(settings))
      request.attentionNumbers = numbers
      request.steps = 1
      return request
    case .dense(let video): return request(video: video, .dense)
    case .sparse(let video, let variant):
      var request = request(video: video, .sparse(variants[variant].settings))
      request.attentionNumbers = variants[variant].numbers
      return request
    }
  }

  private func request(video: Int, _ attention: AttentionChoice) -> GenerationRequest {
    var request = videos[video]
    request.attention = attention
    // Of dense runs too: the head map of a sparse run begins with the steps that it shares with them.
    request.tracesHeads = true
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
  /// What its attention multiplies.
  public var numbers: AttentionNumbers

  /// Names settings.
  public init(name: String, settings: SparseVideoGenSettings, numbers: AttentionNumbers = .activations) {
    self.name = name
    self.settings = settings
    self.numbers = numbers
  }
}
