import Checkpoint
import Foundation
import Quality

extension PerceptualSimilarity {
  /// Reads the weights from a safetensors file.
  /// - Throws: `CheckpointError` when the file cannot be read, `QualityError` with code `unusableWeights` when it holds no
  ///   weights of a known network.
  public init(path: String) throws {
    let file = try SafetensorsFile(URL(filePath: path))
    try self.init(
      weights: Dictionary(uniqueKeysWithValues: file.names.map { ($0, try file.tensor(named: $0)) }))
  }
}
