import Compute
import Tensor

/// Two linear layers with SiLU between them: how a vector of a text becomes part of the embedding of a step.
struct VectorProjection: Sendable {
  private let device: any ComputeDevice
  private let layers: [any LinearLayer]

  /// Loads `linear_1 [outputs, inputs]` and `linear_2 [outputs, outputs]`, with biases.
  init(from inputs: Int, to outputs: Int, weights: LayerLoader) throws {
    device = weights.device
    layers = [
      try weights["linear_1"].linear(from: inputs, to: outputs),
      try weights["linear_2"].linear(from: outputs, to: outputs),
    ]
  }

  /// `[1, inputs]` to `[1, outputs]`.
  func callAsFunction(_ vector: Tensor) throws -> Tensor {
    try device.linear(device.linear(vector, layers[0], activation: .silu), layers[1])
  }
}
