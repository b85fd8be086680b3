import CKernels
import Tensor

/// The inputs of a ``KernelCase`` in memory, and the kernels run on them.
@safe
final class KernelProblem {
  let problem: KernelCase
  /// `[V, 3·H·D]` and `[T, 3·H·D]`, after rounding to the case's element type.
  let video: [Float]
  let text: [Float]
  /// Query weight, query bias, key weight, key bias: `[4, D]`.
  let weights: Memory<Float>
  let cosine: Memory<Float>
  let sine: Memory<Float>
  var list: BlockList

  private let patterns: Memory<UInt8>
  private let videoFloats: Memory<Float>
  private let textFloats: Memory<Float>
  private let videoHalves: Memory<UInt16>
  private let textHalves: Memory<UInt16>

  /// - Parameter padding: What padded text rows hold.
  init(_ problem: KernelCase, padding: Float? = nil) {
    self.problem = problem
    var generator = SeededGenerator(state: problem.seed)
    let isNarrow = problem.element == SVG_BFLOAT16
    let row = 3 * problem.columns
    func numbers(_ count: Int) -> [Float] {
      var growth: Float = 1
      return (0..<count).map { index in
        let column = index % row
        if column == 0, index > 0 { growth *= problem.keyGrowth }
        let mean = column < 2 * problem.columns ? problem.mean : 0
        let isKey = (problem.columns..<2 * problem.columns).contains(column)
        let value = (generator.normal() * problem.magnitude + mean) * (isKey ? growth : 1)
        return isNarrow ? float(bfloat16Bits: bfloat16Bits(value)) : value
      }
    }
    video = numbers(problem.videoTokens * row)
    var text = numbers(problem.textTokens * row)
    if let padding {
      for index in problem.valid * row..<text.count { text[index] = padding }
    }
    self.text = text
    let dimension = problem.headDimension
    weights = Memory((0..<4 * dimension).map { ($0 / dimension % 2 == 0 ? 1 : 0) + generator.normal() * 0.2 })
    // Rotations by Pythagorean triples: exact enough without a mathematics library.
    let turns: [(Float, Float)] = [(0.6, 0.8), (-0.8, 0.6), (0.28, -0.96), (1, 0), (-0.384_615_4, -0.923_076_9)]
    let angles = (0..<problem.videoTokens * dimension / 2).map { _ in turns[Int(generator.next() % 5)] }
    cosine = Memory(angles.map(\.0))
    sine = Memory(angles.map(\.1))
    patterns = Memory((0..<problem.heads).map { problem.isTemporal(head: $0) ? 1 : 0 })
    list = BlockList(problem, halfWidth: problem.halfWidth)
    videoFloats = Memory(isNarrow ? [] : video)
    textFloats = Memory(isNarrow ? [] : text)
    videoHalves = Memory(isNarrow ? video.map(bfloat16Bits) : [])
    textHalves = Memory(isNarrow ? text.map(bfloat16Bits) : [])
  }

  private func segment(_ rows: UnsafeMutableRawPointer, rotates: Bool) -> svg_segment {
    let dimension = problem.headDimension
    return unsafe svg_segment(
      rows: rows, row_stride: Int64(3 * problem.columns), norm: problem.norm, eps: 1e-5, q_weight: weights.base,
      q_bias: weights.base + dimension, k_weight: weights.base + 2 * dimension, k_bias: weights.base + 3 * dimension,
      cosine: rotates ? cosine.base : nil, sine: rotates ? sine.base : nil)
  }

  private var projection: svg_projection {
    let isNarrow = problem.element == SVG_BFLOAT16
    return unsafe svg_projection(
      geometry: problem.geometry, element: problem.element,
      video: segment(isNarrow ? videoHalves.raw : videoFloats.raw, rotates: problem.rotates),
      text: segment(isNarrow ? textHalves.raw : textFloats.raw, rotates: false))
  }

  var scale: Float { 1 / Float(problem.headDimension).squareRoot() }

  /// Prepares and attends.
  /// - Parameters:
  ///   - output: The type that the kernel writes.
  ///   - reversed: Whether tasks run last to first.
  /// - Returns: `[S, H·D]`.
  func attend(_ isa: svg_isa, output: svg_element = SVG_FLOAT32, reversed: Bool = false) -> [Float] {
    var geometry = problem.geometry
    let bytes = unsafe svg_packed_bytes(&geometry, isa)
    let packed = (0..<3).map { _ in Memory<UInt8>(count: bytes) }
    let floats = Memory<Float>(count: output == SVG_FLOAT32 ? problem.rows * problem.columns : 0)
    let halves = Memory<UInt16>(count: output == SVG_FLOAT32 ? 0 : problem.rows * problem.columns)
    var prepare = unsafe svg_prepare(
      projection: projection, patterns: patterns.base, softmax_scale: scale, packed_q: packed[0].raw,
      packed_k: packed[1].raw, packed_v: packed[2].raw)
    let prepareTasks = unsafe svg_prepare_task_count(&prepare)
    if reversed {
      for task in (0..<prepareTasks).reversed() { unsafe svg_prepare_heads(&prepare, isa, task, task + 1) }
    } else {
      unsafe svg_prepare_heads(&prepare, isa, 0, prepareTasks)
    }
    let face = unsafe list.face
    var attend = unsafe svg_attend(
      geometry: geometry, patterns: patterns.base, spatial: face, temporal: face, packed_q: packed[0].raw,
      packed_k: packed[1].raw, packed_v: packed[2].raw,
      output: output == SVG_FLOAT32 ? floats.raw : halves.raw, output_element: output,
      output_stride: Int64(problem.columns))
    let tasks = unsafe Array(0..<svg_attend_task_count(&attend))
    for task in reversed ? tasks.reversed() : tasks { unsafe svg_attend_blocks(&attend, isa, task) }
    return output == SVG_FLOAT32 ? floats.elements : halves.elements.map(float(bfloat16Bits:))
  }

  /// The two errors of each head, `[H, 2]`.
  func profile(_ isa: svg_isa, rows: [Int], halfWidths: (Int, Int), splits: Int) -> [Float] {
    let indices = Memory(rows.map(Int32.init))
    let errors = Memory<Float>(count: 2 * problem.heads)
    var profile = unsafe svg_profile(
      projection: projection, softmax_scale: scale, rows: indices.base, row_count: Int64(rows.count),
      spatial_half_width: Int64(halfWidths.0), temporal_half_width: Int64(halfWidths.1), split_count: Int64(splits),
      scratch: errors.raw, errors: errors.base)
    let scratch = unsafe Memory<UInt8>(count: svg_profile_scratch_bytes(&profile, isa))
    unsafe profile.scratch = scratch.raw
    for task in unsafe (0..<svg_profile_task_count(&profile)).reversed() {
      unsafe svg_profile_heads(&profile, isa, task)
    }
    for head in 0..<problem.heads { unsafe svg_profile_combine(&profile, isa, Int64(head)) }
    return errors.elements
  }
}
