/// The video keys that a query keeps, in one token order: the pair (i, j) is kept iff `|i − j| < halfWidth`.
public struct Band<Order: TokenOrder>: Hashable, Sendable, CustomStringConvertible {
  /// `w`, in tokens; `V` or more keeps every pair.
  public let halfWidth: Int

  /// Creates a band.
  /// - Precondition: `halfWidth` is positive.
  public init(halfWidth: Int) {
    precondition(halfWidth > 0, "a band keeps at least the diagonal, not \(halfWidth)")
    self.halfWidth = halfWidth
  }

  /// Whether the band keeps the pair.
  public func keeps(_ query: VideoIndex<Order>, _ key: VideoIndex<Order>) -> Bool {
    abs(query.value - key.value) < halfWidth
  }

  /// For example `|i − j| < 512 in temporal order`.
  public var description: String { "|i − j| < \(halfWidth) in \(Order.pattern) order" }
}

/// How wide the two bands are, as a user asks for it.
public enum BandWidth: Hashable, Sendable, Codable, CustomStringConvertible {
  /// The same half-width for both patterns, such that the density that is really computed is nearest to this one.
  case density(Double)
  /// Total widths as the paper gives them: `c_s` frames around a query for spatial heads, `c_t` tokens around it for
  /// temporal heads.
  ///
  /// The half-widths are `c_s·P/2` and `c_t·F/2` (Section 4.1 of <https://arxiv.org/abs/2502.01776>).
  case explicit(spatialFrames: Double, temporalTokens: Double)

  /// For example `density 0.3` or `4 frames, 1224 tokens`.
  public var description: String {
    switch self {
    case .density(let density): "density \(density)"
    case .explicit(let frames, let tokens): "\(frames) frames, \(tokens) tokens"
    }
  }
}

/// The bands of both patterns for one layout.
public struct BandPair: Hashable, Sendable {
  /// The band of spatial heads.
  public let spatial: Band<FrameMajor>
  /// The band of temporal heads.
  public let temporal: Band<TokenMajor>

  /// Pairs two bands.
  public init(spatial: Band<FrameMajor>, temporal: Band<TokenMajor>) {
    self.spatial = spatial
    self.temporal = temporal
  }

  /// Chooses both bands: half-widths are multiples of `blockSize`, at least one block.
  ///
  /// A target density picks the half-width whose block mask computes the density nearest to it, text included; of two
  /// equally near the narrower. (The public code solves `1 − (1 − w/S)² = δ − 2T/S` and rounds down to 128 tokens,
  /// which computes less than was asked for.) Explicit widths are rounded to the nearest multiple.
  /// - Precondition: The density lies in (0, 1], explicit widths are positive.
  public init(_ width: BandWidth, layout: TokenLayout, blockSize: Int) {
    switch width {
    case .density(let density):
      precondition(density > 0 && density <= 1, "a density lies in (0, 1], not \(density)")
      let halfWidth = Self.halfWidth(density: density, layout: layout, blockSize: blockSize)
      spatial = Band(halfWidth: halfWidth)
      temporal = Band(halfWidth: halfWidth)
    case .explicit(let frames, let tokens):
      precondition(frames > 0 && tokens > 0, "band widths are positive, not \(frames) frames and \(tokens) tokens")
      func rounded(_ tokens: Double) -> Int {
        min(max(1, Int((tokens / Double(blockSize)).rounded())), layout.videoTokens / blockSize + 1) * blockSize
      }
      spatial = Band(halfWidth: rounded(frames * Double(layout.tokensPerFrame) / 2))
      temporal = Band(halfWidth: rounded(tokens * Double(layout.frames) / 2))
    }
  }

  /// The half-width whose density is nearest to `density`; density grows with it, so bisection finds the place.
  private static func halfWidth(density: Double, layout: TokenLayout, blockSize: Int) -> Int {
    func computed(_ blocks: Int) -> Double {
      BlockMask<FrameMajor>(
        layout: layout, band: Band(halfWidth: blocks * blockSize), blockSize: blockSize
      ).density
    }
    let most = layout.videoTokens / blockSize + 1
    if density == 1 { return most * blockSize }
    var (low, high) = (1, most)
    while low < high {
      let middle = (low + high) / 2
      if computed(middle) < density { low = middle + 1 } else { high = middle }
    }
    guard low > 1 else { return blockSize }
    let isLowerNearer = density - computed(low - 1) <= computed(low) - density
    return (isLowerNearer ? low - 1 : low) * blockSize
  }
}
