/// For each block of query rows the blocks of keys that are computed, in the packed order of one head pattern.
///
/// Packed order is the video in `Order`, padded to whole blocks, then the text, padded to whole blocks: text and video
/// each start on a block. Text keys are kept for every query and text queries keep every key; padded text is seen by
/// nothing and computes nothing. A pure value: it knows no device.
public struct BlockMask<Order: TokenOrder>: Hashable, Sendable, CustomStringConvertible {
  /// A key block that a row keeps.
  public struct Entry: Hashable, Sendable {
    /// The block's index and, from bit 28 on, what has to be masked in it: bit 28 the band, bit 29 the end of the
    /// video or of the valid text. The form that kernels read.
    public let bits: UInt32

    /// Creates an entry.
    public init(block: Int, needsBand: Bool, needsLimit: Bool) {
      bits = UInt32(block) | (needsBand ? 1 << 28 : 0) | (needsLimit ? 1 << 29 : 0)
    }

    /// The index of the key block in packed order.
    public var block: Int { Int(bits & 0x0FFF_FFFF) }
    /// Whether some pairs of the block are outside the band.
    public var needsBand: Bool { bits & (1 << 28) != 0 }
    /// Whether some keys of the block do not exist.
    public var needsLimit: Bool { bits & (1 << 29) != 0 }
    /// Whether every pair of the block is kept.
    public var isFull: Bool { bits >> 28 == 0 }
  }

  /// The tokens that the mask is for.
  public let layout: TokenLayout
  /// Rows and keys of a block.
  public let blockSize: Int
  /// The band, or `nil` when every pair is kept.
  public let band: Band<Order>?
  /// Row `r` keeps `entries[rowOffsets[r]..<rowOffsets[r + 1]]`.
  public let rowOffsets: [Int32]
  /// The kept key blocks of all rows, ascending in each row.
  public let entries: [Entry]
  /// The query-key pairs that are computed: whole blocks, without rows and keys that do not exist. Counted once, for every
  /// call of attention reports it.
  public private(set) var computedPairs = 0

  /// Builds the mask of a band, or of full attention.
  /// - Precondition: `blockSize` is positive.
  /// - Complexity: O(kept blocks).
  public init(layout: TokenLayout, band: Band<Order>?, blockSize: Int) {
    precondition(blockSize > 0, "blocks have rows")
    let videoTokens = layout.videoTokens
    let videoBlocks = Self.blocks(videoTokens, blockSize)
    let validTextBlocks = Self.blocks(layout.validTextTokens, blockSize)
    let textBlocks = Self.blocks(layout.textTokens, blockSize)
    var offsets: [Int32] = [0]
    var entries: [Entry] = []

    func needsLimit(_ block: Int, tokens: Int) -> Bool { (block + 1) * blockSize > tokens }
    func appendText() {
      for block in 0..<validTextBlocks {
        entries.append(
          Entry(
            block: videoBlocks + block, needsBand: false,
            needsLimit: needsLimit(block, tokens: layout.validTextTokens)))
      }
    }

    for row in 0..<videoBlocks {
      let first = row * blockSize
      let last = min(first + blockSize, videoTokens) - 1
      let width = band.map(\.halfWidth) ?? videoTokens
      let keys = max(0, first - width + 1)...min(videoTokens - 1, last + width - 1)
      for block in keys.lowerBound / blockSize...keys.upperBound / blockSize {
        let firstKey = block * blockSize
        let lastKey = min(firstKey + blockSize, videoTokens) - 1
        entries.append(
          Entry(
            block: block, needsBand: max(last - firstKey, lastKey - first) >= width,
            needsLimit: needsLimit(block, tokens: videoTokens)))
      }
      appendText()
      offsets.append(Int32(entries.count))
    }
    for row in 0..<textBlocks {
      if row < validTextBlocks {
        for block in 0..<videoBlocks {
          entries.append(
            Entry(block: block, needsBand: false, needsLimit: needsLimit(block, tokens: videoTokens)))
        }
        appendText()
      }
      offsets.append(Int32(entries.count))
    }
    self.layout = layout
    self.blockSize = blockSize
    self.band = band
    self.rowOffsets = offsets
    self.entries = entries
    computedPairs = countPairs()
  }

  /// Blocks of the video part.
  public var videoBlocks: Int { Self.blocks(layout.videoTokens, blockSize) }

  /// Blocks of the whole packed order, padded text included.
  public var blockCount: Int { rowOffsets.count - 1 }

  /// The entries of one row of blocks.
  public func entries(ofRow row: Int) -> ArraySlice<Entry> {
    entries[Int(rowOffsets[row])..<Int(rowOffsets[row + 1])]
  }

  /// Tokens of a block that exist and are attended.
  private func tokens(ofBlock block: Int) -> Int {
    if block < videoBlocks { return min(blockSize, layout.videoTokens - block * blockSize) }
    return max(0, min(blockSize, layout.validTextTokens - (block - videoBlocks) * blockSize))
  }

  private func countPairs() -> Int {
    (0..<blockCount).reduce(0) { sum, row in
      sum + tokens(ofBlock: row) * entries(ofRow: row).reduce(0) { $0 + tokens(ofBlock: $1.block) }
    }
  }

  /// The query-key pairs of full attention.
  public var allPairs: Int { layout.attendedTokens * layout.attendedTokens }

  /// The fraction of the query-key pairs that is computed, whole blocks and text included.
  public var density: Double { Double(computedPairs) / Double(allPairs) }

  /// For example `keeps 30.4 %, drops 69.6 %: |i − j| < 512 in spatial order`.
  public var description: String {
    let kept = (density * 1000).rounded() / 10
    let dropped = ((1 - density) * 1000).rounded() / 10
    return "keeps \(kept) %, drops \(dropped) %: " + (band.map(\.description) ?? "every pair")
  }

  private static func blocks(_ tokens: Int, _ blockSize: Int) -> Int { (tokens + blockSize - 1) / blockSize }
}
