import Attention
import Tensor

/// What e4m3 heads are scaled by.
struct CUDAFloat8Scales {
  /// `[H, tiles]`, float32: the factors of the queries.
  let queries: Tensor
  /// `[H, D + 2]`, float32: the means that were taken off the keys, and the factors of keys and of values.
  let heads: Tensor
}

extension CUDADevice {
  /// Rounds the tiles of prepared heads to e4m3.
  public func quantizeHeads(_ heads: any PreparedHeads) throws -> any PreparedHeads {
    guard let heads = heads as? CUDAHeads else { preconditionFailure("the heads were made by another device") }
    if let refusal = headLimits.refusal(of: .float8, dimension: heads.headDimension) { preconditionFailure(refusal) }
    guard let choice = tileKernels(dimension: heads.headDimension), let float8 = choice.float8, heads.scales == nil
    else { return heads }
    return try measure(.prepare) { try quantize(heads, choice, float8) }
  }

  private func quantize(_ heads: CUDAHeads, _ choice: CUDATileKernels, _ float8: CUDAFloat8Kernels) throws -> CUDAHeads
  {
    let count = heads.heads
    let geometry = tileGeometry(heads.layout, heads: count, choice)
    let rows = geometry.rows
    // Four numbers in each element.
    let packed = try makeTensor([3, count, rows, choice.dimension / 4], .int32)
    let parts = try makeTensor([float8.scratch(packedRows: rows, heads: count)], .float32)
    let scales = CUDAFloat8Scales(
      queries: try makeTensor([count, float8.tiles(packedRows: rows)], .float32),
      heads: try makeTensor([count, CUDAFloat8Kernels.statistics], .float32))
    for (kernel, launch) in [
      (float8.measure, float8.measureLaunch(packedRows: rows, heads: count)),
      (float8.combine, float8.combineLaunch(heads: count)),
      (float8.quantize, float8.quantizeLaunch(packedRows: rows, heads: count)),
    ] {
      try kernels.launch(kernel.name, in: kernel.source, launch) {
        $0.geometry(geometry)
        for tensor in [heads.packed, packed, parts, scales.queries, scales.heads] { $0.pointer(tensor.deviceAddress) }
      }
    }
    return CUDAHeads(
      layout: heads.layout, headDimension: heads.headDimension, scale: heads.scale, heads: count,
      patterns: heads.patterns, packed: packed, scales: scales)
  }
}
