import Figures

extension BenchmarkResult {
  /// One line for people, for example
  /// `band 30.4 %  heads 8 tokens 4096  82.1 ms ±2 %  148 GFLOP/s, 72 % of the peak  3.1× dense`.
  public var line: String {
    var parts = [variant, shape.map { "\($0.name.replacing("_", with: " ")) \($0.value)" }.joined(separator: ", ")]
    parts.append("\(Figure.number(samples.median * 1e3)) ms ±\(Figure.percent(samples.spread / 2))")
    if let usefulGFLOPS {
      parts.append(
        "\(Figure.number(usefulGFLOPS)) GFLOP/s" + (shareOfPeak.map { ", \(Figure.percent($0)) of the peak" } ?? ""))
    }
    if let gigabytesPerSecond {
      let share = shareOfCopy.map { ", \(Figure.percent($0)) of a memcpy" } ?? ""
      parts.append("\(Figure.number(gigabytesPerSecond)) GB/s" + share)
    }
    if let density { parts.append("keeps \(Figure.percent(density)), drops \(Figure.percent(1 - density))") }
    if let speedup, let shareOfIdeal {
      parts.append("\(Figure.number(speedup))× dense, \(Figure.percent(shareOfIdeal)) of the ideal")
    }
    for figure in figures { parts.append(Self.text(figure.name, figure.value)) }
    return parts.joined(separator: "  ")
  }

  /// For example `loading 52 ms` of `loading_seconds`.
  private static func text(_ name: String, _ value: Double) -> String {
    let words = name.split(separator: "_")
    guard words.count > 1, words.last == "seconds" else {
      return "\(words.joined(separator: " ")) \(Figure.number(value))"
    }
    return "\(words.dropLast().joined(separator: " ")) \(Figure.seconds(value))"
  }
}
