import Checkpoint
import Foundation
import Quality

extension PerceptualSimilarity {
  /// Reads the weights from a safetensors file.
  /// - Throws: `CheckpointError` when the file cannot be read, `QualityError` with code `unusableWeights`, naming the
  ///   file, when it holds no weights of a known network.
  public init(path: String) throws {
    let file = try SafetensorsFile(URL(filePath: path))
    do {
      try self.init(
        weights: Dictionary(uniqueKeysWithValues: file.names.map { ($0, try file.tensor(named: $0)) }))
    } catch let error as QualityError {
      throw QualityError(error.code, "\(path): \(error.message)", cause: error.cause)
    }
  }
}
