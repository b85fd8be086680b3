import Attention
import Foundation
import Quality
import Testing

@Suite struct ComparisonReportTests {
  @Test(arguments: [
    (0.0, 0.3, 1.0), (1, 0.25, 4), (0.8, 0.25, 2.5), (0.5, 1, 1), (0.75, 0, 4), (1, 0, .infinity),
  ])
  func `the attainable speed-up follows Amdahl's law`(share: Double, density: Double, expected: Double) {
    let speedUp = attainableSpeedUp(attentionShare: share, density: density)
    #expect(speedUp == expected || abs(speedUp - expected) < 1e-12)
  }

  @Test func `a spread is mean and sample deviation`() {
    let spread = Spread(of: [2, 4, 4, 4, 5, 5, 7, 9])
    #expect(spread.mean == 5 && spread.minimum == 2 && spread.maximum == 9 && spread.count == 8)
    #expect(abs((spread.deviation ?? 0) - (32.0 / 7).squareRoot()) < 1e-12)
    #expect(Spread(of: [3]).deviation == 0)
    #expect(Spread(of: [3, .infinity]).deviation == nil)
    #expect(Spread(of: [3, .infinity]).mean == .infinity)
  }

  @Test func `a head map orders its calls and counts pairs and patterns`() throws {
    let map = SampleReport.heads()
    #expect(map.steps == 20 && map.layers == 6 && map.samples == 2 && map.calls.count == 240)
    #expect(map.calls[0].site == AttentionSite(step: 0, layer: 0, sample: 0))
    #expect(map.calls[239].site == AttentionSite(step: 19, layer: 5, sample: 1))
    // 15 sparse steps of 5 sparse layers and 2 samples: 150 of 240 calls.
    #expect(abs(map.computedDensity - (90 + 150 * 0.31) / 240) < 1e-12)
    let counts = map.headCounts
    #expect(counts.dense == 90 * 8 && counts.spatial + counts.temporal == 150 * 8)
    #expect(counts.spatial > 100 && counts.temporal > 100)
  }

  @Test func `a report survives JSON, infinite ratios included`() throws {
    let report = try SampleReport.report(prompt: "identical", isIdentical: true)
    #expect(report.quality.psnr == .infinity)
    let json = try report.json()
    #expect(String(decoding: json, as: UTF8.self).contains("\"psnr\":\"infinite\""))
    #expect(try ComparisonReport(json: json) == report)
    #expect(throws: QualityError.self) { try ComparisonReport(json: Data("{}".utf8)) }
  }

  @Test func `the text names every figure once`() throws {
    let report = try SampleReport.report()
    let text = report.text()
    let speedUp = try #require(report.measuredSpeedUp)
    #expect(abs(speedUp - 98.62 / 73.51) < 1e-9)
    #expect(text.contains("speed-up  1.34×  (98.6 s dense, 73.5 s sparse; at best 1.37×"))
    #expect(text.contains("\nVAE           8.40 s           8.40 s\n"))
    #expect(text.contains("\nprofiling          –           1.10 s\n"))
    #expect(text.contains("\ntotal         98.6 s           73.5 s\nencode        310 ms           300 ms\n"))
    #expect(text.contains("\noperations        14.2 TFLOP       9.10 TFLOP\n"))
    #expect(text.contains("28.10 ± 1.50 dB") && text.contains("density asked"))
    #expect(text.split(separator: "\n").allSatisfy { !$0.hasSuffix(" ") })
  }

  @Test func `where nothing was encoded the text says so`() throws {
    var report = try SampleReport.report()
    (report.dense.seconds[.encode], report.sparse.seconds[.encode]) = (nil, nil)
    #expect(report.text().contains("\ntotal         98.6 s           73.5 s\nencode             –                –\n"))
  }

  @Test(arguments: [40, 60, 100])
  func `a narrow terminal gets the same words in lines that fit`(width: Int) throws {
    let report = try SampleReport.report()
    for (text, narrow) in [
      (report.text(), report.text(width: width)), (report.summaryText(), report.summaryText(width: width)),
    ] {
      #expect(narrow.split(separator: "\n").allSatisfy { $0.count <= width }, "\(narrow)")
      func words(_ text: String) -> Set<Substring> { Set(text.split { $0 == " " || $0 == "\n" }) }
      // The name of the first column is the one thing that a list has no place for.
      #expect(words(text).subtracting(words(narrow)).isSubset(of: ["phase", "method"]))
      #expect(words(narrow).isSubset(of: words(text)))
    }
    #expect(report.text(width: 1000) == report.text())
  }

  @Test func `identical videos read as infinitely good`() throws {
    let report = try SampleReport.report(isIdentical: true)
    #expect(report.text().contains("PSNR      ∞ dB"))
  }

  @Test(arguments: [
    (0.0042, "4.2 ms"), (0.42, "420 ms"), (0.9996, "1.00 s"), (9.994, "9.99 s"), (52.34, "52.3 s"),
    (99.96, "1 min 40 s"), (245.2, "4 min 05 s"), (4021, "1 h 07 min"),
  ])
  func `seconds are written with three digits at most`(seconds: Double, expected: String) throws {
    var report = try SampleReport.report()
    report.dense.seconds = [.attention: seconds]
    #expect(report.text().contains(" \(expected) dense") || report.text().contains("(\(expected) dense"))
  }
}
