import Compute
import Tensor

/// The vectors of an adaptive norm (shifts, scales, gates): linear in the activated embedding of a step.
///
/// - SeeAlso: Peebles and Xie, "Scalable Diffusion Models with Transformers", <https://arxiv.org/abs/2212.09748>.
struct AdaptiveVectors: Sendable {
  private let device: any ComputeDevice
  private let layer: any LinearLayer
  private let count: Int

  /// Loads `weight [count·width, width]` and `bias [count·width]`.
  init(_ count: Int, width: Int, weights: LayerLoader) throws {
    device = weights.device
    layer = try weights.linear(from: width, to: count * width)
    self.count = count
  }

  /// `count` vectors `[width]`, float32, in the order in which the weights are stored.
  /// - Parameter step: `[1, width]`, the activated embedding.
  func callAsFunction(_ step: Tensor) throws -> [Tensor] {
    let result = try device.convert(device.linear(step, layer), to: .float32)
    let width = result.shape.count / count
    let vectors = result.reshaped([count, width])
    return (0..<count).map { vectors.slice($0..<$0 + 1).reshaped([width]) }
  }
}
