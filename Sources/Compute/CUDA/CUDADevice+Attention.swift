import Attention
import Synchronization
import Tensor

/// Queries, keys and values in packed order.
struct CUDAHeads: PreparedHeads {
  let layout: TokenLayout
  let headDimension: Int
  let scale: Float
  let patterns: [HeadPattern]
  /// `[3, H, rows, D]`, bfloat16; as tiles where there are tile kernels for the dimension.
  let packed: Tensor
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

  /// 256 heads of at most 256 elements: what the kernels' parameters and registers hold.
  public var headLimits: HeadLimits { HeadLimits(heads: 256, dimension: 256) }

  /// Normalizes, rotates and places queries, keys and values in one pass.
  public func prepareHeads(_ projection: AttentionProjection, patterns: [HeadPattern]) throws -> any PreparedHeads {
    try measure(.prepare) { try prepare(projection, patterns: patterns) }
  }

  private func prepare(_ projection: AttentionProjection, patterns: [HeadPattern]) throws -> CUDAHeads {
    let (heads, dimension) = (projection.heads, projection.headDimension)
    precondition(patterns.count == heads, "\(patterns.count) patterns for \(heads) heads")
    if let refusal = headLimits.refusal(heads: heads, dimension: dimension) { preconditionFailure(refusal) }
    if let choice = tileKernels(dimension: dimension) {
      return CUDAHeads(
        layout: projection.layout, headDimension: dimension, scale: projection.scale, patterns: patterns,
        packed: try prepareTiles(projection, patterns: patterns, choice))
    }
    let geometry = CUDAGeometry(
      projection.layout, heads: heads, dimension: dimension, blockSize: attentionBlockSize)
    let packed = try makeTensor([3, heads, geometry.rows, dimension], activationType)
    try kernels.launch(
      "simple_prepare", in: .simpleAttention, .rows(geometry.rows, (heads + 3) / 4, threads: 128)
    ) {
      $0.geometry(geometry)
      $0.patterns(patterns)
      $0.segment(projection.video)
      $0.segment(projection.text)
      $0.pointer(packed.deviceAddress)
    }
    return CUDAHeads(
      layout: projection.layout, headDimension: dimension, scale: projection.scale, patterns: patterns, packed: packed)
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
      let count = heads.patterns.count
      let geometry = CUDAGeometry(
        heads.layout, heads: count, dimension: heads.headDimension, blockSize: attentionBlockSize)
      let result = try makeTensor([heads.layout.sequenceLength, count * heads.headDimension], activationType)
      // A block of the grid takes 16 rows.
      try kernels.launch("simple_attend", in: .simpleAttention, .rows(geometry.rows / 16, count, threads: 128)) {
        $0.geometry(geometry)
        $0.patterns(heads.patterns)
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

  /// Attends sampled rows three times in one pass over the keys; waits for the errors.
  public func profileHeads(
    _ projection: AttentionProjection, rows: [VideoIndex<FrameMajor>], bands: BandPair
  ) throws -> [ProfilingError] {
    let heads = projection.heads
    if let choice = tileKernels(dimension: projection.headDimension) {
      let errors = try measure(.profile) { try profileTiles(projection, rows: rows, bands: bands, choice) }
      let values = try download(errors).floats()
      return (0..<heads).map { ProfilingError(spatial: values[2 * $0], temporal: values[2 * $0 + 1]) }
    }
    let errors = try measure(.profile) {
      let prepared = try prepare(projection, patterns: [HeadPattern](repeating: .spatial, count: heads))
      let geometry = CUDAGeometry(
        projection.layout, heads: heads, dimension: projection.headDimension, blockSize: attentionBlockSize)
      let samples = try integers(rows.map(\.value))
      let errors = try makeTensor([rows.count, heads, 2], .float32)
      try kernels.launch("simple_profile", in: .simpleAttention, .rows(rows.count, heads, threads: 128)) {
        $0.geometry(geometry)
        $0.parts(prepared.packed)
        $0.pointer(samples.deviceAddress)
        $0.pointer(errors.deviceAddress)
        $0.int(bands.spatial.halfWidth)
        $0.int(bands.temporal.halfWidth)
        $0.float(projection.scale)
        $0.align(8)
      }
      return errors
    }
    let values = try download(errors).floats()
    return (0..<heads).map { head in
      func mean(_ band: Int) -> Float {
        let sum = rows.indices.reduce(0.0) { $0 + Double(values[($1 * heads + head) * 2 + band]) }
        return Float(sum / Double(rows.count * projection.headDimension))
      }
      return ProfilingError(spatial: mean(0), temporal: mean(1))
    }
  }
}
