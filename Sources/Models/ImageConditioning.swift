import Compute
import Tensor

/// How an image-to-video model takes the image that a video begins with.
public protocol ImageConditioning: Sendable {
  /// Loads the encoder of the variational autoencoder.
  func loadImageEncoder(on device: any ComputeDevice) throws -> any ImageEncoder

  /// What the transformer sees beside the noisy latents.
  /// - Parameter image: Sampled latents of the image, `[1, 1, C, h, w]`, float32, in the processor's memory.
  /// - Returns: `[1, F', C, h, w]`, float32, in the processor's memory.
  func latents(_ image: Tensor, for size: VideoSize) -> Tensor

  /// The parameters of the encoder, from the configuration.
  var parameters: Int { get }

  /// The memory that encoding takes beside the weights and the result, in bytes; an estimate for plans.
  /// - Precondition: `size` is legal.
  func workingBytes(for size: VideoSize, tiled: Bool, activations: ElementType) -> Int
}

/// Turns an image into latents: the encoder of the variational autoencoder.
public protocol ImageEncoder: Sendable {
  /// Encodes an image of the size of the video.
  /// - Parameters:
  ///   - image: `[height, width, 3]`, float32, in the processor's memory, RGB from 0 to 1.
  ///   - tiled: Whether to encode in overlapping tiles.
  /// - Throws: ``ModelError`` with the code `notFinite`, what the device throws, and `CancellationError` when the task is
  ///   canceled.
  func encode(_ image: Tensor, tiled: Bool) throws -> ImagePosterior
}

/// A normal distribution over the latents of an image.
///
/// - SeeAlso: Kingma and Welling, "Auto-Encoding Variational Bayes", <https://arxiv.org/abs/1312.6114>.
public struct ImagePosterior: Sendable {
  /// `[1, 1, C, h, w]`, float32, in the processor's memory, scaled as the transformer takes them.
  public let mean: Tensor
  /// The standard deviations, of the shape of ``mean``.
  public let deviation: Tensor

  /// Creates a distribution.
  public init(mean: Tensor, deviation: Tensor) {
    self.mean = mean
    self.deviation = deviation
  }

  /// `mean + deviation · noise`.
  /// - Parameter noise: Standard normal numbers of the shape of ``mean``.
  public func sample(_ noise: Tensor) -> Tensor {
    let values = zip(mean.floats(), zip(deviation.floats(), noise.floats())).map { $0 + $1.0 * $1.1 }
    return Tensor(values, shape: mean.shape)
  }
}

extension VideoModel {
  /// `nil`: most models make videos from text alone.
  public var imageConditioning: (any ImageConditioning)? { nil }
}
