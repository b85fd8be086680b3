/// What attention needs to know of a layout.
struct MaskPlan: Sendable {
  /// The bands of both patterns; `nil` for full attention.
  let bands: BandPair?
  /// The blocks that both patterns keep.
  let masks: PatternMasks

  /// Plans for a layout.
  /// - Parameter width: How wide the bands are; `nil` for full attention.
  init(_ layout: TokenLayout, width: BandWidth?, blockSize: Int) {
    bands = width.map { BandPair($0, layout: layout, blockSize: blockSize) }
    masks = PatternMasks(layout: layout, bands: bands, blockSize: blockSize)
  }

  /// Plans that are made once for each layout.
  static func cache(width: BandWidth?, blockSize: Int) -> KeyedCache<TokenLayout, MaskPlan, Never> {
    KeyedCache { MaskPlan($0, width: width, blockSize: blockSize) }
  }
}
