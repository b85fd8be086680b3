import Attention
import Foundation
import Models

extension GenerationPlan: CustomStringConvertible {
  /// The plan as a person reads it, one fact on a line.
  public var description: String {
    let video =
      "\(size), \(framesPerSecond) frames per second (\(format(Double(size.frames) / Double(framesPerSecond))) s)"
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
      if let warning = image.warning { lines.insert(row("", "note: \(warning)"), at: 2) }
    }
    for (index, part) in attention.parts.enumerated() {
      lines.append(row(index == 0 ? "attention" : "", Self.text(part)))
    }
    if attention.spatialHalfWidth != nil {
      lines.append(row("sparse calls", sparseCalls))
    }
    lines.append(row("density", density))
    lines.append(
      row(
        "work",
        "\(Self.operations(work.linear)) linear, \(Self.operations(work.attention)) attention "
          + "(dense: \(Self.operations(work.denseAttention))); at most \(format(work.speedUpBound))× dense speed"))
    for (index, phase) in memory.phases.enumerated() {
      lines.append(
        row(
          index == 0 ? "memory" : "",
          "\(phase.name): \(byteText(phase.total)) (weights \(byteText(phase.weights)), "
            + "activations \(byteText(phase.activations)))"))
    }
    if let peak = memory.peakPhase { lines.append(row("", "peak: \(byteText(peak.total)), while \(peak.name)")) }
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
    let spatial = "spatial heads keep \(percentText(attention.spatialDensity))"
    let temporal = "temporal heads keep \(percentText(attention.temporalDensity))"
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
    let most = "keeps \(percentText(range.upperBound)), drops \(percentText(1 - range.upperBound))"
    guard percentText(range.lowerBound) != percentText(range.upperBound) else { return "\(most) of all pairs" }
    return "\(most) of all pairs at most; keeps \(percentText(range.lowerBound)) at least"
  }

  /// For example `1.25 TFLOP`.
  static func operations(_ count: Double) -> String {
    let units = ["FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP", "PFLOP", "EFLOP"]
    var (value, unit) = (count, 0)
    while value >= 1000, unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
    return "\(format(value)) \(units[unit])"
  }
}

/// A number with three significant digits at most two of which are decimals.
func format(_ value: Double) -> String {
  value >= 100 ? String(format: "%.0f", value) : String(format: value >= 10 ? "%.1f" : "%.2f", value)
}

/// For example `30.4 %`.
public func percentText(_ fraction: Double) -> String {
  String(format: "%.1f %%", fraction * 100)
}

/// For example `1.5 GB`; decimal units.
public func byteText(_ count: Int) -> String {
  let units = ["B", "kB", "MB", "GB", "TB"]
  var (value, unit) = (Double(count), 0)
  while value >= 1000, unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
  return unit == 0 ? "\(count) B" : "\(format(value)) \(units[unit])"
}
