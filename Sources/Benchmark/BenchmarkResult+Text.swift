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
    fixed(value, digits: abs(value) >= 100 ? 0 : abs(value) >= 10 ? 1 : 2)
  }

  private func percent(_ share: Double) -> String { fixed(share * 100, digits: 1) + " %" }

  /// A number with so many digits after the point.
  private func fixed(_ value: Double, digits: Int) -> String {
    let unit = (0..<digits).reduce(1) { unit, _ in unit * 10 }
    let scaled = Int((abs(value) * Double(unit)).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    let fraction = String(scaled % unit + unit).dropFirst()
    return sign + "\(scaled / unit)" + (digits > 0 ? ".\(fraction)" : "")
  }
}
