import Attention
import CKernels
import Tensor

/// Packed queries, keys and values of all heads.
struct CPUHeads: PreparedHeads {
  let layout: TokenLayout
  let headDimension: Int
  let patterns: [HeadPattern]
  /// Queries, keys and values: three equal parts whose form is private to the instruction set.
  let packed: Tensor
  let instructionSet: svg_isa
  /// The type of the projection, and so of the result.
  let elementType: ElementType
}

// The border to the attention kernels. Addresses in the kernels' structures stay valid because the tensors that they
// come from are held by `withExtendedLifetime`.

extension CPUDevice {
  /// `SVG_BLOCK_ROWS`.
  public var attentionBlockSize: Int { Int(SVG_BLOCK_ROWS) }

  /// The fastest kernels that take this head dimension, or those that the caller of the device chose.
  private func attentionKernels(_ projection: AttentionProjection) -> svg_isa {
    let dimension = Int64(projection.headDimension)
    let isa =
      isInstructionSetForced && svg_isa_supports(instructionSet, dimension)
      ? instructionSet
      : svg_isa_best_for_heads(projection.video.packed.elementType.kernelElement, dimension)
    precondition(
      svg_isa_supports(isa, dimension),
      "heads have an even dimension of at most 256, not \(projection.headDimension)")
    return isa
  }

  /// Normalizes, rotates, places and packs queries, keys and values in one pass.
  public func prepareHeads(_ projection: AttentionProjection, patterns: [HeadPattern]) throws -> any PreparedHeads {
    precondition(patterns.count == projection.heads, "\(patterns.count) patterns for \(projection.heads) heads")
    return try measure(.prepare) {
      let isa = attentionKernels(projection)
      var geometry = svg_geometry(projection)
      let bytes = unsafe svg_packed_bytes(&geometry, isa)
      let packed = try makeTensor([3, bytes / 4], .float32)
      unsafe patterns.map(\.rawValue).withUnsafeBufferPointer { patterns in
        withExtendedLifetime((projection, packed)) {
          guard let patterns = patterns.baseAddress else { return }
          let target = unsafe address(packed)
          let arguments = unsafe svg_prepare(
            projection: svg_projection(projection), patterns: patterns, softmax_scale: projection.scale,
            packed_q: target, packed_k: target + bytes, packed_v: target + 2 * bytes)
          let tasks = unsafe withUnsafePointer(to: arguments) { Int(unsafe svg_prepare_task_count($0)) }
          // Neighboring tasks are the heads of one block of rows and read the same memory.
          workers.run(count: tasks, grain: projection.heads) { range in
            unsafe withUnsafePointer(to: arguments) {
              unsafe svg_prepare_heads($0, isa, Int64(range.lowerBound), Int64(range.upperBound))
            }
          }
        }
      }
      return CPUHeads(
        layout: projection.layout, headDimension: projection.headDimension, patterns: patterns, packed: packed,
        instructionSet: isa, elementType: projection.video.packed.elementType)
    }
  }

  /// Softmax attention over the kept blocks; tasks with many blocks first.
  public func attendBlocks(_ heads: any PreparedHeads, masks: PatternMasks) throws -> Tensor {
    guard let heads = heads as? CPUHeads else { preconditionFailure("the heads were made by another device") }
    for (layout, size) in [
      (masks.spatial.layout, masks.spatial.blockSize), (masks.temporal.layout, masks.temporal.blockSize),
    ] {
      precondition(layout == heads.layout && size == attentionBlockSize, "the mask is one of \(layout)")
    }
    return try measure(.attention) {
      let width = heads.patterns.count * heads.headDimension
      let result = try makeTensor([heads.layout.sequenceLength, width], heads.elementType)
      unsafe heads.patterns.map(\.rawValue).withUnsafeBufferPointer { patterns in
        unsafe withBlockList(masks.spatial) { spatial in
          unsafe withBlockList(masks.temporal) { temporal in
            withExtendedLifetime((heads, result)) {
              guard let patterns = patterns.baseAddress else { return }
              let packed = unsafe address(heads.packed)
              let part = heads.packed.byteCount / 3
              let arguments = unsafe svg_attend(
                geometry: svg_geometry(heads.layout, heads: heads.patterns.count, dimension: heads.headDimension),
                patterns: patterns, spatial: spatial, temporal: temporal, packed_q: packed, packed_k: packed + part,
                packed_v: packed + 2 * part, output: address(result),
                output_element: result.elementType.kernelElement, output_stride: Int64(width))
              let order = unsafe withUnsafePointer(to: arguments) { unsafe longestFirst($0) }
              workers.run(order.count) { task in
                unsafe withUnsafePointer(to: arguments) {
                  unsafe svg_attend_blocks($0, heads.instructionSet, order[task])
                }
              }
            }
          }
        }
      }
      return result
    }
  }

  /// The tasks by descending cost; those of equal cost stay in order, so that neighbors share keys in cache.
  private func longestFirst(_ arguments: UnsafePointer<svg_attend>) -> [Int64] {
    let tasks = unsafe 0..<svg_attend_task_count(arguments)
    var byCost: [Int64: [Int64]] = [:]
    for task in tasks { byCost[unsafe svg_attend_task_cost(arguments, task), default: []].append(task) }
    return byCost.sorted { $0.key > $1.key }.flatMap(\.value)
  }

  /// Attends sampled rows three times in one pass over the keys.
  public func profileHeads(
    _ projection: AttentionProjection, rows: [VideoIndex<FrameMajor>], bands: BandPair
  ) throws -> any HeadProfile {
    try measure(.profile) {
      let isa = attentionKernels(projection)
      // Parts of a head's keys: enough of them for many threads, and long enough to hide what each part costs. They
      // do not depend on the number of threads, because sums are grouped by part.
      let splits = max(1, min(16, projection.layout.sequenceLength / 2048))
      var errors = [Float](repeating: 0, count: 2 * projection.heads)
      try unsafe rows.map({ Int32($0.value) }).withUnsafeBufferPointer { rows in
        try unsafe errors.withUnsafeMutableBufferPointer { errors in
          guard let rowsAddress = rows.baseAddress, let target = errors.baseAddress else { return }
          var arguments = unsafe svg_profile(
            projection: svg_projection(projection), softmax_scale: projection.scale, rows: rowsAddress,
            row_count: Int64(rows.count), spatial_half_width: Int64(bands.spatial.halfWidth),
            temporal_half_width: Int64(bands.temporal.halfWidth), split_count: Int64(splits), scratch: target,
            errors: target)
          let scratch = try makeTensor([unsafe svg_profile_scratch_bytes(&arguments, isa) / 4 + 1], .float32)
          unsafe arguments.scratch = address(scratch)
          withExtendedLifetime((projection, scratch)) {
            unsafe withUnsafePointer(to: arguments) { arguments in
              workers.run(Int(unsafe svg_profile_task_count(arguments))) { task in
                unsafe svg_profile_heads(arguments, isa, Int64(task))
              }
              workers.run(projection.heads) { head in unsafe svg_profile_combine(arguments, isa, Int64(head)) }
            }
          }
        }
      }
      return KnownProfile(
        (0..<projection.heads).map { ProfilingError(spatial: errors[2 * $0], temporal: errors[2 * $0 + 1]) })
    }
  }
}

/// Where a tensor's elements lie; the caller keeps the tensor alive.
private func address(_ tensor: Tensor) -> UnsafeMutableRawPointer {
  unsafe tensor.withHostPointer { unsafe $0 }
}

/// Calls `body` with a mask in the kernels' form.
private func withBlockList<Order: TokenOrder>(_ mask: BlockMask<Order>, _ body: (svg_block_list) -> Void) {
  unsafe mask.rowOffsets.withUnsafeBufferPointer { offsets in
    unsafe mask.entries.withUnsafeBytes { entries in
      unsafe body(
        svg_block_list(
          row_offsets: offsets.baseAddress, entries: entries.baseAddress?.assumingMemoryBound(to: UInt32.self),
          half_width: Int64(mask.band?.halfWidth ?? 0)))
    }
  }
}

extension svg_geometry {
  fileprivate init(_ layout: TokenLayout, heads: Int, dimension: Int) {
    self.init(
      heads: Int64(heads), head_dimension: Int64(dimension), frames: Int64(layout.frames),
      tokens_per_frame: Int64(layout.tokensPerFrame), text_tokens: Int64(layout.textTokens),
      valid_text: Int64(layout.validTextTokens), text_first: layout.textPlacement == .first)
  }

  fileprivate init(_ projection: AttentionProjection) {
    self.init(projection.layout, heads: projection.heads, dimension: projection.headDimension)
  }
}

extension svg_projection {
  fileprivate init(_ projection: AttentionProjection) {
    let width = 3 * projection.heads * projection.headDimension
    unsafe self.init(
      geometry: svg_geometry(projection), element: projection.video.packed.elementType.kernelElement,
      video: svg_segment(projection.video, width: width),
      text: projection.text.map { unsafe svg_segment($0, width: width) } ?? svg_segment())
  }
}

extension svg_segment {
  fileprivate init(_ segment: AttentionProjection.Segment, width: Int) {
    let (query, key) = (segment.queryNormalization, segment.keyNormalization)
    precondition(
      query?.kind == key?.kind && query?.epsilon == key?.epsilon,
      "queries and keys of a segment are normalized in the same way, with weights of their own")
    let norm =
      switch query?.kind {
      case nil: SVG_NORM_NONE
      case .layer: SVG_NORM_LAYER
      case .rootMeanSquare: SVG_NORM_RMS
      }
    unsafe self.init(
      rows: address(segment.packed), row_stride: Int64(width), norm: norm, eps: query?.epsilon ?? 0,
      q_weight: floatAddress(query?.weight), q_bias: floatAddress(query?.bias), k_weight: floatAddress(key?.weight),
      k_bias: floatAddress(key?.bias), cosine: floatAddress(segment.rotary?.cosine),
      sine: floatAddress(segment.rotary?.sine))
  }
}

/// Where a float32 tensor's elements lie, if there is one; the caller keeps the tensor alive.
private func floatAddress(_ tensor: Tensor?) -> UnsafePointer<Float>? {
  unsafe withFloats(tensor) { unsafe $0 }
}
