import ArgumentParser
import SparseVideoGen

/// How the transformer attends.
struct AttentionOptions: ParsableArguments {
  @Option(help: "svg, dense, spatial or temporal.")
  var attention: AttentionName = .svg

  @Option(
    parsing: .unconditional,
    help: "The share of query-key pairs that a sparse call computes, above 0 and at most 1: 0.3 or 30%. (default: 0.3)",
    transform: OptionValue.density)
  var density: Double?

  @Option(
    parsing: .unconditional, help: "In place of a density: how many frames spatial heads see around a token.",
    transform: OptionValue.number)
  var bandFrames: Double?

  @Option(
    parsing: .unconditional, help: "In place of a density: how many tokens per frame temporal heads see.",
    transform: OptionValue.number)
  var bandTokens: Double?

  @Option(
    parsing: .unconditional,
    help: "Steps, from the first on, that attend densely: 25% or 12. (default: \(Self.usual.denseSteps))",
    transform: OptionValue.share)
  var denseSteps: Share?

  @Option(
    parsing: .unconditional,
    help: "Layers, from the first on, that attend densely: 3% or 2. (default: \(Self.usual.denseLayers))",
    transform: OptionValue.share)
  var denseLayers: Share?

  @Option(
    parsing: .unconditional,
    help: "Query rows sampled to tell spatial from temporal heads: 64 or 1%. (default: \(Self.usual.profiledRows))",
    transform: OptionValue.share)
  var profileRows: Share?

  @Option(
    help:
      "What attention multiplies: auto is what --dtype says; fp8 (e4m3) takes a Hopper GPU and heads of 128 elements.")
  var attentionDtype: AttentionNumbers = .activations

  private static let usual = SparseVideoGenSettings()

  /// The mechanism that the options describe.
  var choice: AttentionChoice {
    get throws {
      guard let pattern = attention.choice else { return .dense }
      return .sparse(
        SparseVideoGenSettings(
          patternChoice: pattern, bandWidth: try bandWidth, denseSteps: denseSteps ?? Self.usual.denseSteps,
          denseLayers: denseLayers ?? Self.usual.denseLayers, profiledRows: profileRows ?? Self.usual.profiledRows))
    }
  }

  private var bandWidth: BandWidth {
    get throws {
      switch (bandFrames, bandTokens) {
      case (nil, nil): return .density(density ?? 0.3)
      case (let frames?, let tokens?):
        guard density == nil else {
          throw ValidationError("--density and --band-frames exclude each other: give one or the other")
        }
        return .explicit(spatialFrames: frames, temporalTokens: tokens)
      default: throw ValidationError("--band-frames and --band-tokens belong together: give both")
      }
    }
  }

  /// A note for each option that was given and has no effect: refusing them would make it harder to run the same command with
  /// another attention, to compare.
  var notes: [String] {
    idleOptions.map { "\($0) has no effect with --attention \(attention.rawValue)" }
  }

  private var idleOptions: [String] {
    switch attention {
    case .svg: []
    case .spatial, .temporal: IdleOptions.given(["--profile-rows": profileRows])
    case .dense:
      IdleOptions.given([
        "--density": density, "--band-frames": bandFrames, "--band-tokens": bandTokens, "--dense-steps": denseSteps,
        "--dense-layers": denseLayers, "--profile-rows": profileRows,
      ])
    }
  }
}
