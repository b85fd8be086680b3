/// A part of a generation whose time is measured, in the order to be shown.
public enum RunPhase: String, Hashable, Sendable, Codable, CodingKeyRepresentable, CaseIterable {
  /// The text encoder.
  case text
  /// Finding the patterns of the heads.
  case profiling
  /// Normalizing, rotating, placing and packing queries, keys and values.
  case prepare
  /// Softmax attention over the pairs that are kept.
  case attention
  /// All other matrix products of the transformer.
  case linear
  /// What no other phase of the transformer covers, so that the phases add up to the whole run.
  case other
  /// The decoder of the VAE.
  case vae
  /// Encoding the frames for a page. Only the pair that is shown goes through it, so it is no part of the run's total.
  case encode

  /// What people read: `text encoder`, `VAE`, ….
  public var label: String {
    switch self {
    case .text: "text encoder"
    case .profiling: "profiling"
    case .prepare: "prepare"
    case .attention: "attention"
    case .linear: "linear"
    case .other: "other"
    case .vae: "VAE"
    case .encode: "encode"
    }
  }
}
