/// A model directory in diffusers layout.
public struct ModelDirectory: Sendable {
  /// Where the directory is.
  public let path: String
}
