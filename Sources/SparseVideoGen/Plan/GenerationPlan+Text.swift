import Attention
import Figures
import Foundation
import Models

extension GenerationPlan: CustomStringConvertible {
  /// The plan as a person reads it, one fact on a line.
  public var description: String {
    let video =
      "\(size), \(framesPerSecond) frames per second (\(Figure.number(Double(size.frames) / Double(framesPerSecond))) s)"
    let transformer = "\(model.layers) layers, \(model.heads) heads × \(model.headDimension)"
    var lines = [
      row("model", "\(model.family): \(transformer)"),
      row("video", video),
      row("latents", "[\(latentShape.map(String.init).joined(separator: ", "))]"),
      row("tokens", "\(layout.sequenceLength): \(layout)"),
      row("steps", "\(steps), \(guidanceText), \(samples) transformer run\(samples == 1 ? "" : "s") each"),
    ]
    if let image {
      lines.insert(
        row("image", "\(image.name), \(image.width)×\(image.height), sha256 \(image.checksum.prefix(12))…"), at: 1)
    }
    for (index, part) in attention.parts.enumerated() {
      lines.append(row(index == 0 ? "attention" : "", Self.text(part)))
    }
    if attention.numbers == .float8 {
      lines.append(row("", "queries, keys, values and weights in fp8 (e4m3); profiling in \(numbers)"))
    }
    if attention.spatialHalfWidth != nil {
      lines.append(row("sparse calls", sparseCalls))
    }
    lines.append(row("density", density))
    lines.append(
      row(
        "work",
        "\(Figure.operations(work.linear)) linear, \(Figure.operations(work.attention)) attention "
          + "(dense: \(Figure.operations(work.denseAttention))); at most \(Figure.factor(work.speedUpBound)) dense speed"
      ))
    for (index, phase) in memory.phases.enumerated() {
      lines.append(
        row(
          index == 0 ? "memory" : "",
          "\(phase.name): \(Figure.bytes(phase.total)) (weights \(Figure.bytes(phase.weights)), "
            + "activations \(Figure.bytes(phase.activations)))"))
    }
    if let peak = memory.peakPhase { lines.append(row("", "peak: \(Figure.bytes(peak.total)), while \(peak.name)")) }
    for note in warnings + [memoryProblem].compactMap({ $0 }) { lines.append(row("note", note)) }
    if !missingWeights.isEmpty {
      lines.append(
        row("note", "without weights: \(missingWeights.joined(separator: ", ")); enough for a plan, not for a video"))
    }
    lines.append(row("decoding", decodesInTiles ? "in tiles" : "whole frames"))
    lines.append(row("device", "\(device), \(numbers), \(threads) thread\(threads == 1 ? "" : "s")"))
    return lines.joined(separator: "\n")
  }

  private var guidanceText: String {
    guard model.guidanceKind == .embedded else { return "guidance \(guidance)" }
    return "embedded guidance \(guidance)" + (trueGuidance.map { ", true guidance \($0)" } ?? "")
  }

  private func row(_ name: String, _ text: String) -> String {
    name.padding(toLength: 14, withPad: " ", startingAt: 0) + text
  }

  private static func text(_ part: AttentionPlan.Part) -> String {
    func range(_ name: String, _ first: Int, _ last: Int) -> String {
      first == last ? "\(name) \(first)" : "\(name)s \(first)–\(last)"
    }
    return "\(range("step", part.firstStep, part.lastStep)), "
      + "\(range("layer", part.firstLayer, part.lastLayer)): \(part.attention)"
  }

  private var sparseCalls: String {
    let spatial = "spatial heads keep \(Figure.percent(attention.spatialDensity))"
    let temporal = "temporal heads keep \(Figure.percent(attention.temporalDensity))"
    let widths = "bands of ±\(attention.spatialHalfWidth ?? 0) and ±\(attention.temporalHalfWidth ?? 0) tokens"
    let rows = attention.profiledRows > 0 ? "; \(attention.profiledRows) rows sampled to tell them apart" : ""
    switch attention.mechanism {
    case "spatial": return "\(spatial); \(widths)"
    case "temporal": return "\(temporal); \(widths)"
    default: return "\(spatial), \(temporal); \(widths)\(rows)"
    }
  }

  private var density: String {
    let range = attention.densityRange
    let most = "keeps \(Figure.percent(range.upperBound)), drops \(Figure.percent(1 - range.upperBound))"
    guard Figure.percent(range.lowerBound) != Figure.percent(range.upperBound) else { return "\(most) of all pairs" }
    return "\(most) of all pairs at most; keeps \(Figure.percent(range.lowerBound)) at least"
  }
}
