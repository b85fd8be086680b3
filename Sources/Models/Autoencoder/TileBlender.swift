import Tensor

/// Puts tiles together, decoded or encoded: each is blended with the tile above, then with the tile on the left.
struct TileBlender {
  /// `[F, H, W, C]`, float32: complete when the last tile has been added.
  let result: Tensor

  private let geometry: TileGeometry
  /// The blended tiles of the row above, and those of this row so far.
  private var above: [Tensor] = []
  private var row: [Tensor] = []

  /// Creates a blender for frames of the given size, in the units of the geometry.
  init(geometry: TileGeometry, frames: Int, height: Int, width: Int, channels: Int) {
    self.geometry = geometry
    result = .host([frames, height, width, channels], .float32)
  }

  /// Adds the next tile, row by row; the tile is written.
  mutating func add(_ tile: Tensor, row index: Int, column: Int) {
    if column == 0 { (above, row) = (row, []) }
    if index > 0 { blend(above[column], into: tile, .vertical) }
    if column > 0 { blend(row[column - 1], into: tile, .horizontal) }
    row.append(tile)
    place(tile, top: index * geometry.kept(.vertical), left: column * geometry.kept(.horizontal))
  }

  /// Fades from the end of one tile to the beginning of the next.
  private func blend(_ before: Tensor, into tile: Tensor, _ axis: TileGeometry.Axis) {
    let dimension = axis == .vertical ? 1 : 2
    let extent = min(before.shape[dimension], tile.shape[dimension], geometry.blend(axis))
    let (rows, channels) = (tile.shape[1], tile.shape[3])
    let (width, widthBefore) = (tile.shape[2] * channels, before.shape[2] * channels)
    // From left to right every row has the same weights, from top to bottom one.
    let weights = (0..<extent * channels).map { Float($0 / channels) / Float(extent) }
    before.withSpan(of: Float.self) { source in
      tile.withMutableSpan(of: Float.self) { target in
        for frame in 0..<tile.shape[0] {
          for row in 0..<(axis == .vertical ? extent : rows) {
            let start = (frame * rows + row) * width
            switch axis {
            case .vertical:
              let from = ((frame + 1) * before.shape[1] - extent + row) * widthBefore
              target.fade(
                from: source.extracting(from..<from + width), to: start, weight: Float(row) / Float(extent))
            case .horizontal:
              let end = (frame * before.shape[1] + row + 1) * widthBefore
              target.fade(
                from: source.extracting(end - extent * channels..<end), to: start, weights: weights.span)
            }
          }
        }
      }
    }
  }

  /// Copies the part of a tile that no later tile covers.
  private func place(_ tile: Tensor, top: Int, left: Int) {
    let (height, width, channels) = (result.shape[1], result.shape[2], result.shape[3])
    let rows = min(tile.shape[1], geometry.kept(.vertical), height - top)
    let columns = min(tile.shape[2], geometry.kept(.horizontal), width - left)
    guard rows > 0, columns > 0 else { return }
    tile.withSpan(of: Float.self) { source in
      result.withMutableSpan(of: Float.self) { target in
        for frame in 0..<tile.shape[0] {
          for row in 0..<rows {
            let from = (frame * tile.shape[1] + row) * tile.shape[2] * channels
            let to = ((frame * height + top + row) * width + left) * channels
            target.copy(source.extracting(from..<from + columns * channels), to: to)
          }
        }
      }
    }
  }
}
