import Attention
import Testing

@testable import Compute

/// Tile lists and launches, which need no GPU.
@Suite struct CUDATileTests {
  static let layouts = [
    TokenLayout(frames: 1, tokensPerFrame: 1),
    TokenLayout(frames: 3, tokensPerFrame: 67),
    TokenLayout(frames: 2, tokensPerFrame: 128, textTokens: 128, textPlacement: .last),
    TokenLayout(frames: 7, tokensPerFrame: 150, textTokens: 226),
    TokenLayout(frames: 9, tokensPerFrame: 131, textTokens: 300, validTextTokens: 150, textPlacement: .last),
    TokenLayout(frames: 5, tokensPerFrame: 99, textTokens: 256, validTextTokens: 1, textPlacement: .last),
  ]

  /// The definition: whether a packed row attends a packed key.
  private func keeps(_ row: Int, _ key: Int, _ layout: TokenLayout, _ halfWidth: Int?) -> Bool {
    let videoRows = (layout.videoTokens + 127) / 128 * 128
    func exists(_ index: Int) -> Bool {
      index < videoRows ? index < layout.videoTokens : index - videoRows < layout.validTextTokens
    }
    guard exists(row) && exists(key) else { return false }
    return row >= videoRows || key >= videoRows || abs(row - key) < halfWidth ?? .max
  }

  @Test(arguments: layouts, [128, 192])
  func `what the lists keep is what the band keeps`(layout: TokenLayout, groupRows: Int) {
    let halfWidths: [Int?] = [nil, 64, 200, 512]
    for halfWidth in halfWidths {
      let lists = CUDATileLists(.init(layout: layout, halfWidths: [halfWidth, 128], groupRows: groupRows))
      #expect(lists.groups.count == 2 * 3 * lists.groupCount)
      let videoRows = (layout.videoTokens + 127) / 128 * 128
      let rows = videoRows + (layout.textTokens + 127) / 128 * 128
      var seen = Set<Int>()
      var isFalling = true
      var wrong: [Int] = []
      for group in 0..<lists.groupCount {
        let first = Int(lists.groups[3 * group])
        let count = Int(lists.groups[3 * group + 2])
        if group > 0 { isFalling = isFalling && lists.groups[3 * group - 1] >= count }
        let entries = lists.entries[Int(lists.groups[3 * group + 1])...].prefix(count)
        // Rows of the video's last group that lie past the video belong to no token.
        let end = first < videoRows ? min(first + groupRows, videoRows) : first + groupRows
        seen.formUnion(first..<end)
        for row in first..<end where row % 16 < 2 || row % 16 == 15 {
          let isExisting = keeps(row, row, layout, nil)
          var kept: [Int] = []
          for entry in entries where isExisting {
            let tile = Int(entry & 0x0FFF_FFFF)
            for key in tile * 128..<tile * 128 + 128 {
              let limit = key < videoRows ? layout.videoTokens : videoRows + layout.validTextTokens
              if entry >> 29 & 1 == 1 && key >= limit { continue }
              if entry >> 28 & 1 == 1, let halfWidth, abs(row - key) >= halfWidth { continue }
              kept.append(key)
            }
          }
          // Rows in the middle of a group are like their neighbors.
          if kept.sorted() != (0..<rows).filter({ keeps(row, $0, layout, halfWidth) }) { wrong.append(row) }
        }
        let isFull = entries.map { $0 >> 28 == 0 }
        #expect(isFull == isFull.filter(\.self) + isFull.filter { !$0 }, "tiles that nothing is masked in come first")
      }
      #expect(wrong.isEmpty, "half-width \(halfWidth ?? 0)")
      #expect(isFalling, "groups with most keys come first")
      #expect(seen.isSuperset(of: 0..<rows), "every row is in a group")
    }
  }

  @Test func `groups that keep everything share their entries`() {
    let layout = TokenLayout(frames: 13, tokensPerFrame: 500, textTokens: 100)
    let lists = CUDATileLists(.init(layout: layout, halfWidths: [nil, 1 << 20], groupRows: 128))
    #expect(lists.entries.count == (6500 + 127) / 128 + 1)
  }

  @Test func `launches fit the hardware and cover every item`() throws {
    #expect(CUDATileKernels(dimension: 96, architecture: "sm_90a") == nil)
    for dimension in [64, 128] {
      for architecture in ["sm_80", "sm_89", "sm_90a", "sm_100", "sm_120"] {
        let choice = try #require(CUDATileKernels(dimension: dimension, architecture: architecture))
        #expect(choice.isHopper == (architecture == "sm_90a"))
        #expect(choice.attend.count == (choice.isHopper ? 2 : 1))
        #expect(choice.attend.allSatisfy { $0.source.isMeant(for: architecture) })
        let launch = choice.attendLaunch(items: 1000, multiprocessors: 132)
        #expect(choice.isHopper ? launch.grid.x == 132 && launch.sharedBytes <= 232_448 : launch.grid.x == 1000)
        // What the smallest newer parts have, 99 KB for a block.
        #expect(choice.isHopper || launch.sharedBytes <= 99 << 10)
        #expect(choice.profileLaunch(rows: 65, heads: 24, splits: 3).sharedBytes <= 99 << 10)
        #expect((choice.float8 != nil) == (choice.isHopper && dimension == 128))
        if let float8 = choice.float8 {
          let launch = float8.attendLaunch(items: 1000, multiprocessors: 132)
          #expect(launch.grid.x == 132 && launch.threads == 384 && launch.sharedBytes <= 232_448)
          for kernel in [float8.measure, float8.quantize] + float8.attend {
            #expect(kernel.source.isMeant(for: architecture))
          }
          // 17 tiles are measured in three parts, and rounded each by a block.
          #expect(float8.measureLaunch(packedRows: 17 * 128, heads: 24).grid == (3, 24))
          #expect(float8.quantizeLaunch(packedRows: 17 * 128, heads: 24).grid == (17, 24))
          #expect(float8.scratch(packedRows: 17 * 128, heads: 24) == 24 * 3 * 4 * 128)
        }
        for heads in [1, 3, 24, 30, 48] {
          let atOnce = choice.preparedHeadsAtOnce(heads: heads)
          #expect(atOnce <= heads && 2048 / dimension % atOnce == 0)
          #expect(choice.prepareLaunch(packedRows: 128, heads: heads).grid.x * 256 * 8 == 128 * atOnce * dimension)
        }
        #expect(choice.profileLaunch(rows: 65, heads: 24, splits: 3).grid == (6, 24))
        #expect(choice.profileSplits(packedRows: 128) == 1)
      }
    }
  }
}
