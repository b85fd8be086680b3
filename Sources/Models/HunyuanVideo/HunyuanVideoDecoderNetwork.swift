import Compute
import Tensor

/// The decoder of HunyuanVideo's 3-D causal autoencoder: the network.
///
/// Convolutions repeat the border of a frame and, in time, the first frame.
/// - SeeAlso: Section 4.1 of <https://arxiv.org/abs/2412.03603>.
struct HunyuanVideoDecoderNetwork: Sendable {
  /// Two norms and two convolutions around which the input is added again.
  private struct ResidualLayer: Sendable {
    let norms: [GroupNormalization]
    let convolutions: [any ConvolutionLayer]
    let shortcut: (any LinearLayer)?

    func run(_ input: Tensor, on device: any ComputeDevice) throws -> Tensor {
      var hidden = input
      for (norm, convolution) in zip(norms, convolutions) {
        hidden = try device.convolve(
          device.normalizeGroups(hidden, norm, modulation: nil, activation: .silu), previous: nil, convolution)
      }
      if let shortcut {
        try device.addLinear(input, shortcut, to: &hidden, gates: [])
      } else {
        try device.add(input, to: &hidden)
      }
      return hidden
    }
  }

  /// Residual layers, then twice the rows and columns, and perhaps frames.
  private struct Block: Sendable {
    let layers: [ResidualLayer]
    let upsampling: (any ConvolutionLayer)?
    let doublesFrames: Bool
  }

  private let device: any ComputeDevice
  private let postQuantization: any LinearLayer
  private let input, output: any ConvolutionLayer
  private let middle: [ResidualLayer]
  private let attention: FrameCausalAttention?
  private let blocks: [Block]
  private let outputNorm: GroupNormalization

  /// Loads the decoder.
  /// - Throws: `CheckpointError` for a missing tensor or one of a wrong shape, and what the device throws.
  init(_ configuration: HunyuanVideoAutoencoderConfiguration, weights: LayerLoader) throws {
    device = weights.device
    let parts = Parts(configuration: configuration)
    let channels = [configuration.blockChannels.last!] + configuration.blockChannels.reversed()
    let latentChannels = configuration.latentChannels
    let decoder = weights["decoder"]
    postQuantization = try weights["post_quant_conv"].linear(window: [latentChannels, 1, 1, 1], to: latentChannels)
    input = try parts.convolution(decoder["conv_in"], from: latentChannels, to: channels[0])
    middle = try (0..<2).map {
      try parts.residual(decoder["mid_block.resnets"][$0], from: channels[0], to: channels[0])
    }
    attention =
      try configuration.hasAttention
      ? FrameCausalAttention(
        channels: channels[0], groups: configuration.normGroups, weights: decoder["mid_block.attentions"][0]) : nil
    blocks = try configuration.blockChannels.indices.map { index in
      let weights = decoder["up_blocks"][index]
      let (from, to) = (channels[index], channels[index + 1])
      return Block(
        layers: try (0...configuration.layersPerBlock).map {
          try parts.residual(weights["resnets"][$0], from: $0 == 0 ? from : to, to: to)
        },
        upsampling: configuration.doublesSize(block: index)
          ? try parts.convolution(weights["upsamplers"][0]["conv"], from: to, to: to) : nil,
        doublesFrames: configuration.doublesFrames(block: index))
    }
    outputNorm = try parts.norm(decoder["conv_norm_out"], channels: channels.last!)
    output = try parts.convolution(decoder["conv_out"], from: channels.last!, to: 3)
  }

  /// Loads parts.
  private struct Parts {
    let configuration: HunyuanVideoAutoencoderConfiguration

    func convolution(_ weights: LayerLoader, from: Int, to: Int) throws -> any ConvolutionLayer {
      try weights["conv"].convolution(from: from, to: to, size: 3, frames: 3, border: .nearest)
    }

    func norm(_ weights: LayerLoader, channels: Int) throws -> GroupNormalization {
      try weights.groupNormalization(groups: configuration.normGroups, channels: channels, epsilon: 1e-6)
    }

    func residual(_ weights: LayerLoader, from: Int, to: Int) throws -> ResidualLayer {
      ResidualLayer(
        norms: [try norm(weights["norm1"], channels: from), try norm(weights["norm2"], channels: to)],
        convolutions: [
          try convolution(weights["conv1"], from: from, to: to), try convolution(weights["conv2"], from: to, to: to),
        ],
        shortcut: from == to
          ? nil : try weights["conv_shortcut.conv"].linear(window: [from, 1, 1, 1], to: to))
    }
  }

  /// Decodes some latent frames.
  /// - Parameter latents: `[t, h, w, C]`, activations.
  /// - Returns: `[4(t − 1) + 1, 8h, 8w, 3]`, activations, RGB from −1 to 1.
  /// - Throws: What the device throws; `CancellationError` between layers.
  func decode(_ latents: Tensor) throws -> Tensor {
    var hidden = try device.convolve(device.linear(latents, postQuantization), previous: nil, input)
    hidden = try middle[0].run(hidden, on: device)
    try Task.checkCancellation()
    try attention?.add(to: &hidden, on: device)
    hidden = try middle[1].run(hidden, on: device)
    for block in blocks {
      for layer in block.layers {
        try Task.checkCancellation()
        hidden = try layer.run(hidden, on: device)
      }
      if let upsampling = block.upsampling {
        let map = Self.frameMap(frames: hidden.shape[0], doublesFrames: block.doublesFrames)
        hidden = try device.convolve(device.upsample(hidden, frameMap: map), previous: nil, upsampling)
      }
    }
    return try device.convolve(
      device.normalizeGroups(hidden, outputNorm, modulation: nil, activation: .silu), previous: nil, output)
  }

  /// For each frame after upsampling the frame that it repeats: the first frame stands for itself, the others for pairs.
  private static func frameMap(frames: Int, doublesFrames: Bool) -> [Int] {
    doublesFrames ? [0] + (1..<frames).flatMap { [$0, $0] } : Array(0..<frames)
  }
}
