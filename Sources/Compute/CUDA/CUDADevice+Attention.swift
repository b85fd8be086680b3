import Attention
import Synchronization
import Tensor

/// Queries, keys and values in packed order.
struct CUDAHeads: PreparedHeads {
  let layout: TokenLayout
  let headDimension: Int
  let scale: Float
  let heads: Int
  /// `[H]`, int32: 1 for each head that is temporal.
  let patterns: Tensor
  /// `[3, H, rows, D]`, bfloat16, or e4m3 where there are scales; as tiles where there are tile kernels for the dimension.
  let packed: Tensor
  /// The scales of e4m3 heads.
  var scales: CUDAFloat8Scales?
}

/// What profiling found out, in the memory of a GPU.
struct CUDAProfile: HeadProfile {
  let device: CUDADevice
  /// `[H, 2]`, float32: the errors with the spatial and with the temporal band.
  let means: Tensor
  /// `[H]`, int32: 1 for each head whose temporal error is smaller.
  let patterns: Tensor

  /// Waits for the GPU.
  var errors: [ProfilingError] {
    get throws {
      let values = try device.download(means).floats()
      return (0..<values.count / 2).map { ProfilingError(spatial: values[2 * $0], temporal: values[2 * $0 + 1]) }
    }
  }
}

/// What a mask is made from, and so what tells it from others.
struct CUDAMaskKey: Hashable {
  let layout: TokenLayout
  let halfWidth: Int?
  let blockSize: Int

  init<Order>(_ mask: BlockMask<Order>) {
    layout = mask.layout
    halfWidth = mask.band?.halfWidth
    blockSize = mask.blockSize
  }
}

/// A mask in the memory of a GPU.
struct CUDAMask {
  /// `[blocks + 1]`, int32.
  let rowOffsets: Tensor
  /// The entries of all rows, int32.
  let entries: Tensor
}

extension CUDADevice {
  /// 64, as on the processor, so that both attend within the same bands.
  public var attentionBlockSize: Int { 64 }

  /// Normalizes, rotates and places queries, keys and values in one pass.
  public func prepareHeads(_ projection: AttentionProjection, patterns: [HeadPattern]) throws -> any PreparedHeads {
    precondition(patterns.count == projection.heads, "\(patterns.count) patterns for \(projection.heads) heads")
    let patterns = try flags(patterns)
    return try measure(.prepare) { try prepare(projection, patterns: patterns) }
  }

  /// The same with the patterns that profiling chose; nothing waits for them.
  public func prepareHeads(_ projection: AttentionProjection, profile: any HeadProfile) throws -> any PreparedHeads {
    guard let profile = profile as? CUDAProfile else {
      return try prepareHeads(projection, patterns: profile.errors.map(\.pattern))
    }
    return try measure(.prepare) { try prepare(projection, patterns: profile.patterns) }
  }

  /// Patterns in the memory of the GPU: those used last are kept, so that layers and steps share them.
  private func flags(_ patterns: [HeadPattern]) throws -> Tensor {
    if let found = patternFlags.withLock({ kept in kept.first { $0.patterns == patterns }?.flags }) { return found }
    let made = try integers(patterns.map { $0 == .temporal ? 1 : 0 })
    patternFlags.withLock { kept in
      if kept.count >= 8 { kept.removeFirst() }
      kept.append((patterns, made))
    }
    return made
  }

  private func prepare(_ projection: AttentionProjection, patterns: Tensor) throws -> CUDAHeads {
    let (heads, dimension) = (projection.heads, projection.headDimension)
    precondition(patterns.shape == [heads], "patterns \(patterns) for \(heads) heads")
    if let refusal = headLimits.refusal(heads: heads, dimension: dimension) { preconditionFailure(refusal) }
    if let choice = tileKernels(dimension: dimension) {
      return CUDAHeads(
        layout: projection.layout, headDimension: dimension, scale: projection.scale, heads: heads,
        patterns: patterns, packed: try prepareTiles(projection, patterns: patterns, choice))
    }
    let geometry = CUDAGeometry(
      projection.layout, heads: heads, dimension: dimension, blockSize: attentionBlockSize)
    let packed = try makeTensor([3, heads, geometry.rows, dimension], activationType)
    try kernels.launch(
      "simple_prepare", in: .simpleAttention, .rows(geometry.rows, (heads + 3) / 4, threads: 128)
    ) {
      $0.geometry(geometry)
      $0.pointer(patterns.deviceAddress)
      $0.segment(projection.video)
      $0.segment(projection.text)
      $0.pointer(packed.deviceAddress)
    }
    return CUDAHeads(
      layout: projection.layout, headDimension: dimension, scale: projection.scale, heads: heads,
      patterns: patterns, packed: packed)
  }

  /// Softmax attention over the kept blocks.
  public func attendBlocks(_ heads: any PreparedHeads, masks: PatternMasks) throws -> Tensor {
    guard let heads = heads as? CUDAHeads else { preconditionFailure("the heads were made by another device") }
    if let choice = tileKernels(dimension: heads.headDimension) {
      precondition(
        masks.spatial.layout == heads.layout && masks.temporal.layout == heads.layout,
        "the masks are for \(masks.spatial.layout)")
      return try measure(.attention) { try attendTiles(heads, masks: masks, choice) }
    }
    let tables = [try mask(masks.spatial, of: heads), try mask(masks.temporal, of: heads)]
    let halfWidths = [masks.spatial.band?.halfWidth ?? 0, masks.temporal.band?.halfWidth ?? 0]
    return try measure(.attention) {
      let count = heads.heads
      let geometry = CUDAGeometry(
        heads.layout, heads: count, dimension: heads.headDimension, blockSize: attentionBlockSize)
      let result = try makeTensor([heads.layout.sequenceLength, count * heads.headDimension], activationType)
      // A block of the grid takes 16 rows.
      try kernels.launch("simple_attend", in: .simpleAttention, .rows(geometry.rows / 16, count, threads: 128)) {
        $0.geometry(geometry)
        $0.pointer(heads.patterns.deviceAddress)
        $0.parts(heads.packed)
        $0.pointer(result.deviceAddress)
        for table in tables { $0.pointer(table.rowOffsets.deviceAddress) }
        for table in tables { $0.pointer(table.entries.deviceAddress) }
        for width in halfWidths { $0.int(width) }
        $0.int(attentionBlockSize)
        $0.float(heads.scale)
      }
      return result
    }
  }

  /// A mask in the memory of the GPU: those used last are kept, so that layers and steps share them.
  private func mask<Order>(_ mask: BlockMask<Order>, of heads: CUDAHeads) throws -> CUDAMask {
    precondition(
      mask.layout == heads.layout && mask.blockSize == attentionBlockSize, "the mask is one of \(mask.layout)")
    let key = CUDAMaskKey(mask)
    if let found = masks.withLock({ masks in masks.first { $0.key == key }?.mask }) { return found }
    let made = CUDAMask(
      rowOffsets: try integers(mask.rowOffsets.map { Int($0) }),
      entries: try upload(
        Tensor(mask.entries.map { Int32(bitPattern: $0.bits) }, shape: [mask.entries.count]), as: .int32))
    masks.withLock { masks in
      if masks.count >= 8 { masks.removeFirst() }
      masks.append((key, made))
    }
    return made
  }

  /// Attends sampled rows three times in one pass over the keys, and chooses; nothing waits for it.
  public func profileHeads(
    _ projection: AttentionProjection, rows: [VideoIndex<FrameMajor>], bands: BandPair
  ) throws -> any HeadProfile {
    let heads = projection.heads
    let spatial = try flags([HeadPattern](repeating: .spatial, count: heads))
    return try measure(.profile) {
      let profile = CUDAProfile(
        device: self, means: try makeTensor([heads, 2], .float32), patterns: try makeTensor([heads], .int32))
      if let choice = tileKernels(dimension: projection.headDimension) {
        try profileTiles(projection, rows: rows, bands: bands, spatial: spatial, choice, into: profile)
        return profile
      }
      let prepared = try prepare(projection, patterns: spatial)
      let geometry = CUDAGeometry(
        projection.layout, heads: heads, dimension: projection.headDimension, blockSize: attentionBlockSize)
      let samples = try integers(rows.map(\.value))
      let sums = try makeTensor([rows.count, heads, 2], .float32)
      try kernels.launch("simple_profile", in: .simpleAttention, .rows(rows.count, heads, threads: 128)) {
        $0.geometry(geometry)
        $0.parts(prepared.packed)
        $0.pointer(samples.deviceAddress)
        $0.pointer(sums.deviceAddress)
        $0.int(bands.spatial.halfWidth)
        $0.int(bands.temporal.halfWidth)
        $0.float(projection.scale)
        $0.align(8)
      }
      try kernels.launch("simple_choose", in: .simpleAttention, .rows((heads + 31) / 32, threads: 32)) {
        for tensor in [sums, profile.means, profile.patterns] { $0.pointer(tensor.deviceAddress) }
        for number in [rows.count, heads, projection.headDimension] { $0.int(number) }
        $0.align(8)
      }
      return profile
    }
  }
}
