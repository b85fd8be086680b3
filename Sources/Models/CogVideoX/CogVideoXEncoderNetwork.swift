import Checkpoint
import Compute
import Tensor

/// The encoder of CogVideoX's 3-D causal autoencoder: the network.
///
/// - SeeAlso: Yang et al., Section 2.1, <https://arxiv.org/abs/2408.06072>.
struct CogVideoXEncoderNetwork: Sendable {
  /// Two norms and two convolutions around which the input is added again.
  private struct ResidualLayer: Sendable {
    let norms: [GroupNormalization]
    let convolutions: [CausalConvolution]
    let shortcut: (any LinearLayer)?

    func run(_ input: Tensor, history: inout CausalHistory, on device: any ComputeDevice) throws -> Tensor {
      var hidden = input
      for (norm, convolution) in zip(norms, convolutions) {
        hidden = try device.normalizeGroups(hidden, norm, modulation: nil, activation: .silu)
        hidden = try history.convolve(hidden, convolution, on: device)
      }
      if let shortcut {
        try device.addLinear(input, shortcut, to: &hidden, gates: [])
      } else {
        try device.add(input, to: &hidden)
      }
      return hidden
    }
  }

  /// Residual layers, then half the rows and columns, and perhaps frames.
  private struct Block: Sendable {
    let layers: [ResidualLayer]
    let downsampling: Downsampling?
  }

  private let device: any ComputeDevice
  private let input, output: CausalConvolution
  private let blocks: [Block]
  private let outputNorm: GroupNormalization
  private let quantization: (any LinearLayer)?

  /// Loads the encoder.
  /// - Throws: `CheckpointError` for a missing tensor or one of a wrong shape, and what the device throws.
  init(_ configuration: CogVideoXAutoencoderConfiguration, weights: LayerLoader) throws {
    device = weights.device
    var parts = Parts(groups: configuration.normGroups)
    let encoder = weights["encoder"]
    let channels = [configuration.blockChannels[0]] + configuration.blockChannels
    let moments = 2 * configuration.latentChannels
    input = try parts.convolution(encoder["conv_in"], from: 3, to: channels[0])
    var blocks: [Block] = []
    for index in configuration.blockChannels.indices {
      let weights = encoder["down_blocks"][index]
      let (from, to) = (channels[index], channels[index + 1])
      let isLast = index == configuration.blockChannels.count - 1
      blocks.append(
        Block(
          layers: try (0..<configuration.layersPerBlock).map {
            try parts.residual(weights["resnets"][$0], from: $0 == 0 ? from : to, to: to)
          },
          downsampling: isLast
            ? nil
            : try Downsampling(
              weights["downsamplers"][0]["conv"], channels: to, halvesFrames: index < configuration.temporalLevels)))
    }
    let last = configuration.blockChannels.last!
    blocks.append(
      Block(
        layers: try (0..<2).map { try parts.residual(encoder["mid_block.resnets"][$0], from: last, to: last) },
        downsampling: nil))
    self.blocks = blocks
    outputNorm = try encoder["norm_out"].groupNormalization(
      groups: configuration.normGroups, channels: last, epsilon: 1e-6)
    output = try parts.convolution(encoder["conv_out"], from: last, to: moments)
    quantization =
      try configuration.hasQuantization ? weights["quant_conv"].linear(window: [moments, 1, 1, 1], to: moments) : nil
  }

  /// Loads parts and numbers the convolutions.
  private struct Parts {
    let groups: Int
    var convolutions = 0

    mutating func convolution(_ weights: LayerLoader, from: Int, to: Int) throws -> CausalConvolution {
      convolutions += 1
      return CausalConvolution(
        layer: try weights["conv"].convolution(from: from, to: to, size: 3, frames: 3), place: convolutions)
    }

    mutating func residual(_ weights: LayerLoader, from: Int, to: Int) throws -> ResidualLayer {
      ResidualLayer(
        norms: try [("norm1", from), ("norm2", to)].map {
          try weights[$0.0].groupNormalization(groups: groups, channels: $0.1, epsilon: 1e-6)
        },
        convolutions: [
          try convolution(weights["conv1"], from: from, to: to), try convolution(weights["conv2"], from: to, to: to),
        ],
        shortcut: from == to ? nil : try weights["conv_shortcut"].linear(window: [from, 1, 1, 1], to: to))
    }
  }

  /// Encodes the next frames.
  /// - Parameters:
  ///   - frames: `[t, H, W, 3]`, activations, RGB from −1 to 1.
  ///   - history: The frames of earlier calls.
  /// - Returns: `[t', H/8, W/8, 2C]`, activations: means, then logarithms of variances.
  /// - Throws: What the device throws; `CancellationError` between layers.
  func encode(_ frames: Tensor, history: inout CausalHistory) throws -> Tensor {
    var hidden = try history.convolve(frames, input, on: device)
    for block in blocks {
      for layer in block.layers {
        try Task.checkCancellation()
        hidden = try layer.run(hidden, history: &history, on: device)
      }
      if let downsampling = block.downsampling { hidden = try downsampling.run(hidden, on: device) }
    }
    hidden = try device.normalizeGroups(hidden, outputNorm, modulation: nil, activation: .silu)
    hidden = try history.convolve(hidden, output, on: device)
    return try quantization.map { try device.linear(hidden, $0) } ?? hidden
  }
}

/// Halves rows and columns, and frames where it is told to: pairs of frames are averaged, and the first frame of an odd
/// number stands for itself.
private struct Downsampling: Sendable {
  private let convolution: any ConvolutionLayer
  private let halvesFrames: Bool

  /// The average of two frames and the convolution after it are one convolution over both, with half of the weights for
  /// each. Where there is no frame before the first, that frame is repeated: half of it twice is the whole.
  init(_ weights: LayerLoader, channels: Int, halvesFrames: Bool) throws {
    self.halvesFrames = halvesFrames
    convolution = try weights.convolution(
      weight: [channels, channels, 3, 3], outputs: channels, stride: 2,
      padding: SpatialPadding(top: 0, bottom: 1, left: 0, right: 1)
    ) { stored in
      guard halvesFrames else { return stored.reshaped([channels, channels, 1, 3, 3]) }
      let (values, taps) = (stored.floats(), 9)
      let halves = stride(from: 0, to: values.count, by: taps).flatMap { start in
        let kernel = values[start..<start + taps].map { $0 / 2 }
        return kernel + kernel
      }
      return Tensor(halves, shape: [channels, channels, 2, 3, 3])
    }
  }

  func run(_ frames: Tensor, on device: any ComputeDevice) throws -> Tensor {
    let count = frames.shape[0]
    guard halvesFrames, count > 1 else { return try device.convolve(frames, previous: nil, convolution) }
    var parts: [Tensor] = []
    if count % 2 == 1 { parts.append(try device.convolve(frames.slice(0..<1), previous: nil, convolution)) }
    for first in stride(from: count % 2, to: count, by: 2) {
      parts.append(
        try device.convolve(
          frames.slice(first + 1..<first + 2), previous: frames.slice(first..<first + 1), convolution))
    }
    return try device.concatenate(parts)
  }
}
