import Attention
import Compute
import Figures

extension GenerationResult {
  /// What a person wants to know at the end: how much was skipped, and how long each phase took.
  public var summary: String {
    var lines: [String] = []
    if attention.allPairs > 0 {
      var line =
        "attention  kept \(Figure.percent(attention.density)), dropped \(Figure.percent(1 - attention.density))"
      line += " of all query-key pairs"
      let heads = attention.spatialHeads + attention.temporalHeads
      if heads > 0 {
        let spatial = Figure.percent(Double(attention.spatialHeads) / Double(heads))
        let temporal = Figure.percent(Double(attention.temporalHeads) / Double(heads))
        line += "; heads: \(spatial) spatial, \(temporal) temporal"
      }
      lines.append(line)
    }
    let phases = [
      ("loading", times.loading), ("encoding", times.encoding), ("denoising", times.denoising),
      ("decoding", times.decoding),
    ]
    lines.append(
      "time       " + phases.filter { $0.1 > 0 }.map { "\($0.0) \(Figure.seconds($0.1))" }.joined(separator: ", "))
    let operations = OperationKind.allCases.map { ($0.rawValue, times.denoisingOperations[$0]) }.filter { $0.1 > 0 }
    if !operations.isEmpty {
      lines.append(
        "denoising  " + operations.map { "\($0.0) \(Figure.seconds($0.1))" }.joined(separator: ", "))
    }
    if let peakMemory { lines.append("memory     at most \(Figure.bytes(peakMemory))") }
    return lines.joined(separator: "\n")
  }
}
