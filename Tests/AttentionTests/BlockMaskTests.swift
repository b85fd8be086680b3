import Attention
import Testing

/// Layouts with tails, one block, no text, padded text and text at either end.
let awkwardLayouts = [
  TokenLayout(frames: 1, tokensPerFrame: 1),
  TokenLayout(frames: 3, tokensPerFrame: 5),
  TokenLayout(frames: 7, tokensPerFrame: 1, textTokens: 2),
  TokenLayout(frames: 5, tokensPerFrame: 64, textTokens: 7),
  TokenLayout(frames: 13, tokensPerFrame: 16, textTokens: 32),
  TokenLayout(frames: 4, tokensPerFrame: 33, textTokens: 20, validTextTokens: 12, textPlacement: .last),
  TokenLayout(frames: 4, tokensPerFrame: 33, textTokens: 150, validTextTokens: 0, textPlacement: .last),
  TokenLayout(frames: 2, tokensPerFrame: 100, textTokens: 130, validTextTokens: 65, textPlacement: .last),
]

@Suite struct BlockMaskTests {
  /// The blocks and pairs of a mask, counted pair by pair.
  struct Count {
    var computed = 0
    var keptBlocks: Set<[Int]> = []
    var fullBlocks: Set<[Int]> = []
  }

  /// Goes through every pair of attended tokens and asks the definition whether it is kept.
  func count(_ layout: TokenLayout, halfWidth: Int?, block: Int) -> Count {
    let video = layout.videoTokens
    let videoBlocks = (video + block - 1) / block
    // Packed position and video index (nil for text) of each attended token.
    let tokens =
      (0..<video).map { (position: $0, video: Int?.some($0)) }
      + (0..<layout.validTextTokens).map { (position: videoBlocks * block + $0, video: Int?.none) }
    var kept: [[Int]: Int] = [:]
    for query in tokens {
      for key in tokens {
        var isKept = true
        if let halfWidth, let i = query.video, let j = key.video { isKept = abs(i - j) < halfWidth }
        if isKept { kept[[query.position / block, key.position / block], default: 0] += 1 }
      }
    }
    func size(_ index: Int) -> Int { tokens.filter { $0.position / block == index }.count }
    var count = Count()
    for (blocks, pairs) in kept {
      count.computed += size(blocks[0]) * size(blocks[1])
      count.keptBlocks.insert(blocks)
      if pairs == size(blocks[0]) * size(blocks[1]), size(blocks[1]) == block { count.fullBlocks.insert(blocks) }
    }
    return count
  }

  @Test(arguments: awkwardLayouts, [1, 7, 64, 128, nil])
  func `a mask keeps the blocks with a kept pair, and computes what a count of pairs finds`(
    layout: TokenLayout, halfWidth: Int?
  ) {
    for block in [16, 64] {
      let mask = BlockMask<FrameMajor>(
        layout: layout, band: halfWidth.map { Band(halfWidth: $0) }, blockSize: block)
      let expected = count(layout, halfWidth: halfWidth, block: block)
      var kept: Set<[Int]> = []
      var full: Set<[Int]> = []
      for row in 0..<mask.blockCount {
        for entry in mask.entries(ofRow: row) {
          kept.insert([row, entry.block])
          if entry.isFull { full.insert([row, entry.block]) }
        }
      }
      #expect(kept == expected.keptBlocks)
      #expect(full == expected.fullBlocks)
      #expect(mask.computedPairs == expected.computed)
      #expect(mask.density == Double(expected.computed) / Double(layout.attendedTokens * layout.attendedTokens))
    }
  }

  @Test(arguments: awkwardLayouts)
  func `density 1 keeps every pair`(layout: TokenLayout) {
    let bands = BandPair(.density(1), layout: layout, blockSize: 64)
    let masks = PatternMasks(layout: layout, bands: bands, blockSize: 64)
    #expect(masks.spatial.density == 1)
    #expect(masks.temporal.density == 1)
    #expect(masks.spatial.entries == PatternMasks(layout: layout, bands: nil, blockSize: 64).spatial.entries)
  }

  @Test(arguments: [0.1, 0.2, 0.3, 0.5, 0.7, 0.9])
  func `the density computed is the nearest that whole blocks allow`(density: Double) {
    let layout = TokenLayout(frames: 13, tokensPerFrame: 256, textTokens: 32)
    func computed(_ halfWidth: Int) -> Double {
      BlockMask<FrameMajor>(layout: layout, band: Band(halfWidth: halfWidth), blockSize: 64).density
    }
    let chosen = BandPair(.density(density), layout: layout, blockSize: 64)
    #expect(chosen.spatial.halfWidth == chosen.temporal.halfWidth)
    let distances = (1...53).map { abs(computed($0 * 64) - density) }
    #expect(abs(computed(chosen.spatial.halfWidth) - density) == distances.min())
  }

  @Test func `explicit widths are halves of frames and places, in whole blocks`() {
    let layout = TokenLayout(frames: 33, tokensPerFrame: 3600, textTokens: 256, textPlacement: .last)
    let bands = BandPair(.explicit(spatialFrames: 10, temporalTokens: 1200), layout: layout, blockSize: 64)
    #expect(bands.spatial.halfWidth == (18000 + 32) / 64 * 64)
    #expect(bands.temporal.halfWidth == (19800 + 32) / 64 * 64)
    let tiny = BandPair(.explicit(spatialFrames: 0.001, temporalTokens: 1), layout: layout, blockSize: 64)
    #expect(tiny.spatial.halfWidth == 64)
    #expect(tiny.temporal.halfWidth == 64)
  }

  @Test func `padded text has rows without keys and is a key of none`() {
    let layout = TokenLayout(
      frames: 1, tokensPerFrame: 64, textTokens: 192, validTextTokens: 64, textPlacement: .last)
    let mask = BlockMask<FrameMajor>(layout: layout, band: nil, blockSize: 64)
    #expect(mask.blockCount == 4)
    #expect(mask.entries(ofRow: 2).isEmpty && mask.entries(ofRow: 3).isEmpty)
    #expect(mask.entries.allSatisfy { $0.block < 2 && $0.isFull })
  }
}
