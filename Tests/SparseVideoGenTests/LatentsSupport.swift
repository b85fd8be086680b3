import Checkpoint
import Foundation
import Tensor

/// Writes a latents file without a manifest.
func writeLatents(_ values: [Float], shape: Shape, to path: String) throws {
  try SafetensorsWriter.write(["latents": Tensor(values, shape: shape)], to: URL(filePath: path))
}
