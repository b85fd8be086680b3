/// A phase of a run, for predictions of its memory.
public enum WorkPhase: Hashable, Sendable {
  /// The text encoder runs.
  case encoding
  /// The transformer runs.
  case denoising
  /// The decoder runs, in tiles or not.
  case decoding(tiled: Bool)
}
