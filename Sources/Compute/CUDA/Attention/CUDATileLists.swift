import Attention

/// For each group of query rows the key tiles that it attends, in the form that the tile kernels read.
///
/// Packed order is the video, padded to whole tiles of 128 rows, then the text, padded to whole tiles. A group may have
/// more rows than a tile; it attends every tile that one of its rows keeps keys of, and the kernels mask the pairs that
/// are not kept. So the result is that of the band, whatever the blocks of a ``BlockMask`` are. A pure value.
struct CUDATileLists: Hashable, Sendable {
  /// Rows and keys of a tile.
  static let tileRows = 128

  /// What lists are made from.
  struct Recipe: Hashable, Sendable {
    let layout: TokenLayout
    /// Half-widths of the spatial and the temporal band; `nil` keeps every pair.
    let halfWidths: [Int?]
    /// Rows of a group, a multiple of 64.
    let groupRows: Int
  }

  /// For the spatial, then for the temporal pattern each group's first row, first entry and number of entries; groups
  /// with most entries first.
  private(set) var groups: [Int32] = []
  /// Tiles with the bits of ``BlockMask/Entry``, those of a group that are kept whole first; groups with the same tiles
  /// share them.
  private(set) var entries: [UInt32] = []
  /// Groups of one pattern.
  let groupCount: Int

  /// Builds the lists of both patterns.
  /// - Complexity: O(kept tiles).
  init(_ recipe: Recipe) {
    let layout = recipe.layout
    let rows = recipe.groupRows
    precondition(rows > 0 && rows % 64 == 0, "groups are made of 64 rows, not of \(rows)")
    let videoTiles = Self.tiles(layout.videoTokens)
    let textRows = Self.tiles(layout.textTokens) * Self.tileRows
    groupCount = (layout.videoTokens + rows - 1) / rows + (textRows + rows - 1) / rows

    /// An entry for each tile of `tokens` tokens that lies in `range`.
    func list(_ range: Range<Int>, from first: Int, tokens: Int, needsBand: (Int) -> Bool = { _ in false }) -> [Entry] {
      range.map { tile in
        Entry(block: first + tile, needsBand: needsBand(tile), needsLimit: (tile + 1) * Self.tileRows > tokens)
      }
    }
    let text = list(
      0..<Self.tiles(layout.validTextTokens), from: videoTiles, tokens: layout.validTextTokens)
    let everything = list(0..<videoTiles, from: 0, tokens: layout.videoTokens) + text
    entries = Self.fullFirst(everything)

    for halfWidth in recipe.halfWidths {
      var groups: [(firstRow: Int, start: Int, count: Int)] = []
      for first in stride(from: 0, to: layout.videoTokens, by: rows) {
        guard let width = halfWidth, width < layout.videoTokens else {
          groups.append((first, 0, everything.count))
          continue
        }
        let last = min(first + rows, layout.videoTokens) - 1
        let firstTile = max(0, first - width + 1) / Self.tileRows
        let lastTile = min(layout.videoTokens - 1, last + width - 1) / Self.tileRows
        let kept = list(firstTile..<lastTile + 1, from: 0, tokens: layout.videoTokens) { tile in
          let firstKey = tile * Self.tileRows
          let lastKey = min(firstKey + Self.tileRows, layout.videoTokens) - 1
          return max(last - firstKey, lastKey - first) >= width
        }
        groups.append((first, entries.count, kept.count + text.count))
        entries += Self.fullFirst(kept + text)
      }
      for first in stride(from: 0, to: textRows, by: rows) {
        // Padded text attends to nothing; its rows become zero.
        let count = first < layout.validTextTokens ? everything.count : 0
        groups.append((videoTiles * Self.tileRows + first, 0, count))
      }
      groups.sort { ($1.count, $0.firstRow) < ($0.count, $1.firstRow) }
      self.groups += groups.flatMap { [Int32($0.firstRow), Int32($0.start), Int32($0.count)] }
    }
  }

  private typealias Entry = BlockMask<FrameMajor>.Entry

  /// Tiles that nothing is masked in first: there every row finds a key.
  private static func fullFirst(_ entries: [Entry]) -> [UInt32] {
    (entries.filter(\.isFull) + entries.filter { !$0.isFull }).map(\.bits)
  }

  private static func tiles(_ tokens: Int) -> Int { (tokens + tileRows - 1) / tileRows }
}
