import Compute
import Foundation
import Tensor

/// The embedding of a number as a vector: waves, then two linear layers with SiLU between them.
struct NumberEmbedding: Sendable {
  /// How many waves `TimestepEmbedding` of diffusers takes where a model does not say.
  private static let waves = 256

  private let device: any ComputeDevice
  private let projection: VectorProjection

  /// Loads `linear_1 [width, 256]` and `linear_2 [width, width]`, with biases.
  init(to width: Int, weights: LayerLoader) throws {
    device = weights.device
    projection = try VectorProjection(from: Self.waves, to: width, weights: weights)
  }

  /// The embedding of a number, `[1, width]`.
  func callAsFunction(_ number: Float) throws -> Tensor {
    let waves = timestepWaves(number, width: Self.waves, cosinesFirst: true, frequencyShift: 0)
    return try projection(device.upload(Tensor(waves, shape: [1, Self.waves]), as: device.activationType))
  }
}

/// The embedding of a timestep, or of another number, as waves of falling frequency: `[width]`.
///
/// - SeeAlso: Ho et al., "Denoising Diffusion Probabilistic Models", <https://arxiv.org/abs/2006.11239>.
func timestepWaves(_ value: Float, width: Int, cosinesFirst: Bool, frequencyShift: Float) -> [Float] {
  let half = width / 2
  let angles = (0..<half).map { index in
    value * exp(Float(-log(10000.0)) * Float(index) / (Float(half) - frequencyShift))
  }
  let (sines, cosines) = (angles.map(sin), angles.map(cos))
  return (cosinesFirst ? cosines + sines : sines + cosines) + [Float](repeating: 0, count: width % 2)
}
