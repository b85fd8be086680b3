import Testing

@testable import Attention

@Suite struct ProfiledRowsTests {
  let layout = TokenLayout(frames: 13, tokensPerFrame: 256, textTokens: 32)

  @Test(arguments: [1, 12, 13, 64, 100, 3328])
  func `rows are distinct and spread evenly over the frames`(count: Int) {
    let rows = ProfiledRows(layout: layout, count: count, seed: 7)
      .draw(at: AttentionSite(step: 3, layer: 2, sample: 1)).map(\.value)
    #expect(rows.count == count)
    #expect(Set(rows).count == count)
    #expect(rows.allSatisfy { (0..<3328).contains($0) })
    let perFrame = (0..<13).map { frame in rows.filter { $0 / 256 == frame }.count }
    #expect(perFrame.max()! - perFrame.min()! <= 1)
  }

  @Test func `a site always draws the same rows and another site draws others`() {
    let rows = ProfiledRows(layout: layout, count: 33, seed: 7)
    let site = AttentionSite(step: 3, layer: 2, sample: 1)
    #expect(rows.draw(at: site) == rows.draw(at: site))
    #expect(rows.draw(at: site).count == 33)
    #expect(rows.draw(at: site) != rows.draw(at: AttentionSite(step: 3, layer: 2, sample: 0)))
    #expect(rows.draw(at: site) != rows.draw(at: AttentionSite(step: 2, layer: 3, sample: 1)))
  }

  @Test func `every place is drawn about equally often`() {
    let layout = TokenLayout(frames: 2, tokensPerFrame: 10)
    var counts = [Int](repeating: 0, count: 20)
    for step in 0..<4000 {
      let rows = ProfiledRows(layout: layout, count: 5, seed: 1)
      for row in rows.draw(at: AttentionSite(step: step, layer: 0, sample: 0)) { counts[row.value] += 1 }
    }
    // 1000 expected, standard deviation at most 32.
    #expect(counts.allSatisfy { abs($0 - 1000) < 150 }, "\(counts)")
  }

  @Test(arguments: [(Share.fraction(0.0001), 1), (.fraction(0.01), 33), (.count(64), 64), (.fraction(1), 3328)])
  func `a share of the rows is at least one row`(share: Share, rows: Int) {
    #expect(SparseVideoGenSettings(profiledRows: share).profiledRowCount(in: layout) == rows)
    #expect(SparseVideoGenSettings(patternChoice: .spatial, profiledRows: share).profiledRowCount(in: layout) == 0)
  }
}
