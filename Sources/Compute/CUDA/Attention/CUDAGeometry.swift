import Attention
import Tensor

/// Where tokens lie in the sequence and in packed order, as the plain attention kernels want it.
struct CUDAGeometry: Hashable {
  let layout: TokenLayout
  let heads, dimension: Int
  /// Rows of the whole packed order.
  let rows: Int
  /// Rows of its video part.
  let videoRows: Int

  /// - Parameter blockSize: Text and video each start on a block of so many rows.
  init(_ layout: TokenLayout, heads: Int, dimension: Int, blockSize: Int) {
    func whole(_ tokens: Int) -> Int { (tokens + blockSize - 1) / blockSize * blockSize }
    self.layout = layout
    self.heads = heads
    self.dimension = dimension
    videoRows = whole(layout.videoTokens)
    rows = videoRows + whole(layout.textTokens)
  }
}

// The structures that `attention/geometry.cuh` declares, field by field.
extension CUDAParameters {
  /// `Geometry`.
  mutating func geometry(_ geometry: CUDAGeometry) {
    let layout = geometry.layout
    for number in [
      geometry.heads, geometry.dimension, layout.frames, layout.tokensPerFrame, layout.videoTokens, layout.textTokens,
      layout.validTextTokens, layout.videoRange.lowerBound, layout.textRange.lowerBound, geometry.rows,
      geometry.videoRows,
    ] { int(number) }
  }

  /// `Segment`; zeros where there is none.
  mutating func segment(_ segment: AttentionProjection.Segment?) {
    let (query, key) = (segment?.queryNormalization, segment?.keyNormalization)
    precondition(
      query?.kind == key?.kind && query?.epsilon == key?.epsilon,
      "queries and keys of a segment are normalized in the same way, with weights of their own")
    for tensor in [query?.weight, query?.bias, key?.weight, key?.bias, segment?.rotary?.cosine, segment?.rotary?.sine] {
      precondition(tensor?.elementType ?? .float32 == .float32, "norms and rotations are float32")
    }
    pointer(segment?.packed.deviceAddress)
    for tensor in [query?.weight, query?.bias, key?.weight, key?.bias] { pointer(tensor?.deviceAddress) }
    pointer(segment?.rotary?.cosine.deviceAddress)
    pointer(segment?.rotary?.sine.deviceAddress)
    switch query?.kind {
    case nil: int(0)
    case .layer: int(1)
    case .rootMeanSquare: int(2)
    }
    float(query?.epsilon ?? 0)
  }

  /// The addresses of three equal parts of a tensor.
  mutating func parts(_ packed: Tensor) {
    for part in 0..<3 { pointer(packed.slice(part..<part + 1).deviceAddress) }
  }
}
