import ArgumentParser
import SparseVideoGen

/// What is compared with full attention: every combination of the lists.
struct ComparisonOptions: ParsableArguments {
  @Option(
    help: "svg, spatial or temporal, or several: svg,spatial,temporal.",
    transform: OptionList.parse { name in
      guard let method = AttentionName(rawValue: name), method != .dense else {
        throw ValidationError("“\(name)” is no method to compare; there are svg, spatial and temporal")
      }
      return method
    })
  var method: [AttentionName] = [.svg]

  @Option(
    parsing: .unconditional,
    help: "The share of query-key pairs that a sparse call computes, or several: 0.2,0.3,0.5.",
    transform: OptionList.parse(OptionValue.density))
  var density: [Double] = [0.3]

  @Option(
    parsing: .unconditional, help: "Steps, from the first on, that attend densely, or several: 0,10%,25%.",
    transform: OptionList.parse(OptionValue.share))
  var denseSteps: [Share] = [SparseVideoGenSettings().denseSteps]

  @Option(
    parsing: .unconditional, help: "Layers, from the first on, that attend densely: 3% or 2.",
    transform: OptionValue.share)
  var denseLayers: Share = SparseVideoGenSettings().denseLayers

  @Option(
    parsing: .unconditional,
    help:
      "Query rows sampled to tell spatial from temporal heads, or several: 64,1%,100%. (default: \(Self.usualRows))",
    transform: OptionList.parse(OptionValue.share))
  var profileRows: [Share]?

  @Option(
    help: "What the compared attention multiplies, or several: auto,fp8. Full attention keeps to what --dtype says.",
    transform: OptionList.parse(OptionValue.attentionNumbers))
  var attentionDtype: [AttentionNumbers] = [.activations]

  private static let usualRows = SparseVideoGenSettings().profiledRows

  func validate() throws {
    if !method.contains(.svg) {
      try IdleOptions.refuse(["--profile-rows": profileRows], with: "--method without svg")
    }
  }

  /// The combinations. A name says the method, and what else tells the variants apart but the density.
  var variants: [ComparisonVariant] {
    var variants: [ComparisonVariant] = []
    // Outermost, because neighbors share their dense steps, which are the same with the same numbers alone.
    for numbers in attentionDtype {
      for method in method { variants += self.variants(method, numbers).filter { !variants.contains($0) } }
    }
    return variants
  }

  private func variants(_ method: AttentionName, _ numbers: AttentionNumbers) -> [ComparisonVariant] {
    guard let pattern = method.choice else { return [] }
    var variants: [ComparisonVariant] = []
    let sampled = profileRows ?? [Self.usualRows]
    // Nothing is sampled where every head has the same pattern.
    for rows in method == .svg ? sampled : Array(sampled.prefix(1)) {
      for steps in denseSteps {
        for density in density {
          var name = method.rawValue + numbers.suffix
          if denseSteps.count > 1 { name += ", dense steps \(steps)" }
          if sampled.count > 1, method == .svg { name += ", \(rows) rows" }
          let settings = SparseVideoGenSettings(
            patternChoice: pattern, bandWidth: .density(density), denseSteps: steps, denseLayers: denseLayers,
            profiledRows: rows)
          let variant = ComparisonVariant(name: name, settings: settings, numbers: numbers)
          if !variants.contains(variant) { variants.append(variant) }
        }
      }
    }
    return variants
  }
}

/// Values with commas between them.
enum OptionList {
  /// A list read value by value.
  static func parse<Value>(
    _ value: @escaping @Sendable (String) throws -> Value
  ) -> @Sendable (String) throws -> [Value] {
    { text in
      let words = text.split(separator: ",", omittingEmptySubsequences: false).map {
        String($0).trimmingPrefix { $0 == " " }
      }
      return try words.map { try value(String($0)) }
    }
  }
}
