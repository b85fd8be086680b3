import Tensor

/// Queries, keys and values in the form that a device's attention kernel wants, each head in the order of its pattern.
///
/// Only the device that made them can read them.
public protocol PreparedHeads: Sendable {}

/// What profiling found out about the heads of one call, wherever the device has it: it may still be on its way.
public protocol HeadProfile: Sendable {
  /// One pair of errors for each head: means over rows and the head dimension. Reading them may wait for the device.
  /// - Throws: What the device throws.
  var errors: [ProfilingError] { get throws }
}

/// A profile that is in the processor's memory.
public struct KnownProfile: HeadProfile {
  /// One pair of errors for each head.
  public let errors: [ProfilingError]

  /// Wraps errors.
  public init(_ errors: [ProfilingError]) {
    self.errors = errors
  }
}

/// The masks that the two kinds of heads attend with.
public struct PatternMasks: Sendable {
  /// For spatial heads; also for dense attention, where every head is placed frame-major.
  public let spatial: BlockMask<FrameMajor>
  /// For temporal heads.
  public let temporal: BlockMask<TokenMajor>

  /// Pairs two masks.
  public init(spatial: BlockMask<FrameMajor>, temporal: BlockMask<TokenMajor>) {
    self.spatial = spatial
    self.temporal = temporal
  }

  /// The masks of a pair of bands, or of full attention.
  public init(layout: TokenLayout, bands: BandPair?, blockSize: Int) {
    spatial = BlockMask(layout: layout, band: bands?.spatial, blockSize: blockSize)
    temporal = BlockMask(layout: layout, band: bands?.temporal, blockSize: blockSize)
  }

  /// The pairs that a head with `pattern` computes.
  public func computedPairs(_ pattern: HeadPattern) -> Int {
    pattern == .spatial ? spatial.computedPairs : temporal.computedPairs
  }
}

/// How far a head's output moves when it keeps only a pattern's band.
public struct ProfilingError: Hashable, Sendable, Codable {
  /// The mean squared difference with the spatial mask.
  public let spatial: Float
  /// The mean squared difference with the temporal mask.
  public let temporal: Float

  /// Creates a pair of errors.
  public init(spatial: Float, temporal: Float) {
    self.spatial = spatial
    self.temporal = temporal
  }

  /// The pattern with the smaller error; spatial when they are equal.
  public var pattern: HeadPattern { temporal < spatial ? .temporal : .spatial }
}

/// The heads that a device can attend with.
public struct HeadLimits: Hashable, Sendable {
  /// The most heads of a layer.
  public let heads: Int
  /// The largest head dimension, an even number.
  public let dimension: Int
  /// The head dimensions that can be attended with ``AttentionNumbers/float8``.
  public let float8Dimensions: [Int]

  /// Creates limits.
  public init(heads: Int, dimension: Int, float8Dimensions: [Int] = []) {
    self.heads = heads
    self.dimension = dimension
    self.float8Dimensions = float8Dimensions
  }

  /// Why heads are outside of the limits, as the end of a sentence; `nil` when they are not.
  public func refusal(heads: Int, dimension: Int) -> String? {
    if heads > self.heads { return "a layer has at most \(self.heads) heads there, not \(heads)" }
    guard dimension % 2 == 0, dimension <= self.dimension else {
      return "heads have an even dimension of at most \(self.dimension) there, not \(dimension)"
    }
    return nil
  }

  /// Why heads cannot be attended with `numbers`, as the end of a sentence; `nil` when they can.
  public func refusal(of numbers: AttentionNumbers, dimension: Int) -> String? {
    guard numbers == .float8, !float8Dimensions.contains(dimension) else { return nil }
    if float8Dimensions.isEmpty { return "fp8 takes an NVIDIA GPU of compute capability 9.0 (Hopper)" }
    let dimensions = float8Dimensions.map(String.init).joined(separator: " or ")
    return "fp8 takes heads of \(dimensions) elements there, not of \(dimension)"
  }
}

/// The operations that a device offers to attention mechanisms: what must be fused to be fast.
public protocol AttentionDevice: Sendable {
  /// Rows and keys of the blocks that masks for this device must have.
  var attentionBlockSize: Int { get }

  /// The heads that the three operations take; others are refused before anything is loaded.
  var headLimits: HeadLimits { get }

  /// Normalizes, rotates and places queries, keys and values in one pass.
  /// - Parameter patterns: One for each head: where its tokens are placed.
  /// - Throws: When memory runs out.
  func prepareHeads(_ projection: AttentionProjection, patterns: [HeadPattern]) throws -> any PreparedHeads

  /// The same with the pattern of the smaller error for each head, see ``ProfilingError/pattern``; a device that made
  /// the profile need not wait for it.
  /// - Throws: When memory runs out.
  func prepareHeads(_ projection: AttentionProjection, profile: any HeadProfile) throws -> any PreparedHeads

  /// Rounds prepared heads to 8-bit numbers (``AttentionNumbers/float8``), with scales.
  /// - Throws: When memory runs out.
  /// - Precondition: `heads` was made by this device, and ``headLimits`` do not refuse its dimension.
  func quantizeHeads(_ heads: any PreparedHeads) throws -> any PreparedHeads

  /// Attends sampled query rows to all keys and under both bands, in one pass over keys and values.
  /// - Parameters:
  ///   - rows: The sampled queries, the same for every head.
  ///   - bands: The bands that will run. Text keys are always kept.
  /// - Throws: When memory runs out.
  /// - SeeAlso: Algorithm 1 of <https://arxiv.org/abs/2502.01776>.
  func profileHeads(
    _ projection: AttentionProjection, rows: [VideoIndex<FrameMajor>], bands: BandPair
  ) throws -> any HeadProfile

  /// Softmax attention over the kept blocks only.
  /// - Returns: `[S, H·D]` in sequence order, the element type of the projection; rows of padded text are zero.
  /// - Throws: When memory runs out.
  /// - Precondition: `heads` was made by this device, and the masks have its layout and ``attentionBlockSize``.
  func attendBlocks(_ heads: any PreparedHeads, masks: PatternMasks) throws -> Tensor
}
