import Checkpoint

/// Every family of models that this library reads.
public enum VideoModelRegistry {
  /// One line for each family.
  public static let families: [any VideoModel.Type] = []
}
