/// How frames are cut into overlapping tiles to be decoded or encoded one at a time.
///
/// The tiles and the way they are blended are those of diffusers, so that tiled results agree.
struct TileGeometry: Hashable, Sendable {
  /// A direction of a frame.
  enum Axis {
    /// From top to bottom.
    case vertical
    /// From left to right.
    case horizontal
  }

  /// Rows of pixels of a tile.
  let height: Int
  /// Columns of pixels of a tile.
  let width: Int
  /// Pixels for each latent, in height and width.
  let compression: Int
  /// The share of a tile's rows that overlaps the tile above.
  var verticalOverlap = 1.0 / 6
  /// The share of a tile's columns that overlaps the tile on the left.
  var horizontalOverlap = 1.0 / 5

  init(height: Int, width: Int, compression: Int) {
    self.height = height
    self.width = width
    self.compression = compression
  }

  /// Rows of latents of a tile.
  var latentHeight: Int { height / compression }
  /// Columns of latents of a tile.
  var latentWidth: Int { width / compression }

  /// Whether a frame of latents needs more than one tile.
  func splits(height: Int, width: Int) -> Bool { height > latentHeight || width > latentWidth }

  /// Where tiles begin, in latents.
  func starts(of extent: Int, _ axis: Axis) -> [Int] {
    let (tile, overlap) =
      axis == .vertical ? (latentHeight, verticalOverlap) : (latentWidth, horizontalOverlap)
    return Array(stride(from: 0, to: extent, by: max(1, Int(Double(tile) * (1 - overlap)))))
  }

  /// Rows or columns of pixels over which a tile is blended with the one before.
  func blend(_ axis: Axis) -> Int {
    axis == .vertical ? Int(Double(height) * verticalOverlap) : Int(Double(width) * horizontalOverlap)
  }

  /// Rows or columns of pixels of a blended tile that are kept.
  func kept(_ axis: Axis) -> Int {
    (axis == .vertical ? height : width) - blend(axis)
  }
}
