import Attention
import Compute
import Foundation

extension GenerationResult {
  /// What a person wants to know at the end: how much was skipped, and how long each phase took.
  public var summary: String {
    var lines: [String] = []
    if attention.allPairs > 0 {
      var line = "attention  kept \(percentText(attention.density)), dropped \(percentText(1 - attention.density))"
      line += " of all query-key pairs"
      let heads = attention.spatialHeads + attention.temporalHeads
      if heads > 0 {
        let spatial = percentText(Double(attention.spatialHeads) / Double(heads))
        let temporal = percentText(Double(attention.temporalHeads) / Double(heads))
        line += "; heads: \(spatial) spatial, \(temporal) temporal"
      }
      lines.append(line)
    }
    let phases = [
      ("loading", times.loading), ("encoding", times.encoding), ("denoising", times.denoising),
      ("decoding", times.decoding),
    ]
    lines.append(
      "time       " + phases.filter { $0.1 > 0 }.map { "\($0.0) \(secondsText($0.1))" }.joined(separator: ", "))
    let operations = OperationKind.allCases.map { ($0.rawValue, times.denoisingOperations[$0]) }.filter { $0.1 > 0 }
    if !operations.isEmpty {
      lines.append(
        "denoising  " + operations.map { "\($0.0) \(secondsText($0.1))" }.joined(separator: ", "))
    }
    if let peakMemory { lines.append("memory     at most \(byteText(peakMemory))") }
    return lines.joined(separator: "\n")
  }
}

/// For example `0.42 s`, `12.5 s` or `3 min 20 s`.
public func secondsText(_ seconds: Double) -> String {
  if seconds < 10 { return String(format: "%.2f s", seconds) }
  if seconds < 60 { return String(format: "%.1f s", seconds) }
  let whole = Int(seconds.rounded())
  return whole < 3600
    ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole % 3600 / 60) min"
}
