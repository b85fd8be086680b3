import CKernels

/// The key blocks that each query block keeps, as the kernels read them.
struct BlockList {
  /// Row by row, the entries.
  var rows: [[UInt32]] { didSet { (offsets, entries) = Self.flatten(rows) } }
  let halfWidth: Int

  private var offsets: Memory<Int32>
  private var entries: Memory<UInt32>

  private static func flatten(_ rows: [[UInt32]]) -> (Memory<Int32>, Memory<UInt32>) {
    var offsets: [Int32] = [0]
    for row in rows { offsets.append(offsets[offsets.count - 1] + Int32(row.count)) }
    return (Memory(offsets), Memory(rows.flatMap { $0 }))
  }

  /// Every video pair closer than `halfWidth` (all for `nil`) and every pair with text.
  /// - Parameter masksAll: Whether blocks that the band keeps whole are masked, too.
  init(_ problem: KernelCase, halfWidth: Int?, masksAll: Bool = false) {
    var geometry = problem.geometry
    let videoBlocks = unsafe Int(svg_video_blocks(&geometry))
    let blocks = unsafe Int(svg_block_count(&geometry))
    let width = halfWidth ?? problem.videoTokens
    self.halfWidth = width
    rows = (0..<blocks).map { query in
      (0..<blocks).compactMap { key -> UInt32? in
        var entry = UInt32(key)
        if query < videoBlocks && key < videoBlocks {
          let distance = abs(query - key) * 64
          if distance - 63 >= width { return nil }
          if distance + 63 >= width || masksAll { entry |= 1 << 28 }
        }
        let keysBefore = key < videoBlocks ? problem.videoTokens - key * 64 : problem.valid - (key - videoBlocks) * 64
        if keysBefore < 64 { entry |= 1 << 29 }
        return entry
      }
    }
    (offsets, entries) = Self.flatten(rows)
  }

  var face: svg_block_list {
    unsafe svg_block_list(row_offsets: offsets.base, entries: entries.base, half_width: Int64(halfWidth))
  }
}
