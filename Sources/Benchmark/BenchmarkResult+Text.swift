import Foundation

extension BenchmarkResult {
  /// One line for people, for example
  /// `band 30.4 %  heads 8 tokens 4096  82.1 ms ±2 %  148 GFLOP/s, 72 % of the peak  3.1× dense`.
  public var line: String {
    var parts = [variant, shape.map { "\($0.name.replacing("_", with: " ")) \($0.value)" }.joined(separator: ", ")]
    parts.append("\(number(samples.median * 1e3)) ms ±\(percent(samples.spread / 2))")
    if let usefulGFLOPS {
      parts.append("\(number(usefulGFLOPS)) GFLOP/s" + (shareOfPeak.map { ", \(percent($0)) of the peak" } ?? ""))
    }
    if let gigabytesPerSecond {
      let share = shareOfCopy.map { ", \(percent($0)) of a memcpy" } ?? ""
      parts.append("\(number(gigabytesPerSecond)) GB/s" + share)
    }
    if let density { parts.append("keeps \(percent(density)), drops \(percent(1 - density))") }
    if let speedup, let shareOfIdeal {
      parts.append("\(number(speedup))× dense, \(percent(shareOfIdeal)) of the ideal")
    }
    for figure in figures { parts.append("\(figure.name.replacing("_", with: " ")) \(number(figure.value))") }
    return parts.joined(separator: "  ")
  }

  private func number(_ value: Double) -> String {
    String(format: value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f", value)
  }

  private func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }
}
