import ArgumentParser
import SparseVideoGen

/// How the transformer attends, as the command line has it.
enum AttentionName: String, CaseIterable, ExpressibleByArgument {
  /// Sparse VideoGen: every head gets its pattern by profiling.
  case svg
  /// Every token attends to every token.
  case dense
  /// Every head is spatial.
  case spatial
  /// Every head is temporal.
  case temporal

  /// How heads get their patterns; `nil` for dense attention.
  var choice: SparseVideoGenSettings.PatternChoice? {
    switch self {
    case .svg: .profiled
    case .dense: nil
    case .spatial: .spatial
    case .temporal: .temporal
    }
  }
}

/// Whether frames are decoded in tiles, as the command line has it.
enum TileName: String, CaseIterable, ExpressibleByArgument {
  case auto, on, off

  var tiles: DecodingTiles {
    switch self {
    case .auto: .automatic
    case .on: .on
    case .off: .off
    }
  }
}

extension GeneratorOptions.Numbers: ExpressibleByArgument {}

extension AttentionNumbers: ExpressibleByArgument {}
