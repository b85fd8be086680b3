import Checkpoint

/// Every family of models that this library reads.
public enum VideoModelRegistry {
  /// One line for each family.
  public static let families: [any VideoModel.Type] = [
    CogVideoXModel.self,
    HunyuanVideoModel.self,
  ]

  /// The model in a directory, its configurations read and its weights not.
  /// - Throws: `CheckpointError` with the code `unsupportedClass` when no family reads its pipeline class, and what the
  ///   family throws.
  public static func model(in directory: ModelDirectory) throws -> any VideoModel {
    try directory.requirePipeline(oneOf: families.flatMap { $0.pipelineClasses })
    let family = families.first { $0.pipelineClasses.contains(directory.pipelineClass) }
    guard let family else { preconditionFailure("a supported pipeline has a family") }
    return try family.init(directory: directory)
  }
}
