import Checkpoint
import Compute
import Tensor

/// The decoder of CogVideoX's 3-D causal autoencoder: the network.
///
/// - SeeAlso: Yang et al., Section 2.1, <https://arxiv.org/abs/2408.06072>; norms modulated by the latents: Zheng et al.,
///   "MoVQ", <https://arxiv.org/abs/2209.09002>.
struct CogVideoXDecoderNetwork: Sendable {
  /// A norm of groups whose result is scaled and shifted by the latents at the nearest place.
  private struct SpatialNorm: Sendable {
    let norm: GroupNormalization
    let scale, shift: any LinearLayer

    /// Normalizes, modulates, activates.
    ///
    /// Scale and shift are computed at the size of the latents: a layer that looks at one place at a time may as well
    /// run before the latents are enlarged as after.
    func run(_ input: Tensor, latents: Tensor, on device: any ComputeDevice) throws -> Tensor {
      let modulation = NearestModulation(
        scale: try device.linear(latents, scale), shift: try device.linear(latents, shift),
        frameMap: FrameMaps.nearest(frames: input.shape[0], latents: latents.shape[0]))
      return try device.normalizeGroups(input, norm, modulation: modulation, activation: .silu)
    }
  }

  /// Two norms and two convolutions around which the input is added again.
  private struct ResidualLayer: Sendable {
    let norms: [SpatialNorm]
    let convolutions: [CausalConvolution]
    let shortcut: (any LinearLayer)?

    func run(
      _ input: Tensor, latents: Tensor, history: inout CausalHistory, on device: any ComputeDevice
    ) throws -> Tensor {
      var hidden = input
      for (norm, convolution) in zip(norms, convolutions) {
        hidden = try history.convolve(norm.run(hidden, latents: latents, on: device), convolution, on: device)
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
  private let postQuantization: (any LinearLayer)?
  private let input, output: CausalConvolution
  private let blocks: [Block]
  private let outputNorm: SpatialNorm

  /// Loads the decoder.
  /// - Throws: `CheckpointError` for a missing tensor or one of a wrong shape, and what the device throws.
  init(_ configuration: CogVideoXAutoencoderConfiguration, weights: LayerLoader) throws {
    device = weights.device
    var parts = Parts(configuration: configuration)
    let channels = [configuration.blockChannels.last!] + configuration.blockChannels.reversed()
    let decoder = weights["decoder"]
    postQuantization =
      try configuration.hasPostQuantization
      ? weights["post_quant_conv"].linear(
        window: [configuration.latentChannels, 1, 1, 1], to: configuration.latentChannels)
      : nil
    input = try parts.convolution(decoder["conv_in"], from: configuration.latentChannels, to: channels[0])
    var blocks = [
      Block(
        layers: try (0..<2).map {
          try parts.residual(decoder["mid_block.resnets"][$0], from: channels[0], to: channels[0])
        }, upsampling: nil, doublesFrames: false)
    ]
    for index in configuration.blockChannels.indices {
      let weights = decoder["up_blocks"][index]
      let (from, to) = (channels[index], channels[index + 1])
      let isLast = index == configuration.blockChannels.count - 1
      blocks.append(
        Block(
          layers: try (0...configuration.layersPerBlock).map {
            try parts.residual(weights["resnets"][$0], from: $0 == 0 ? from : to, to: to)
          },
          upsampling: isLast
            ? nil
            : try weights["upsamplers"][0]["conv"].convolution(
              from: to, to: to, size: 3, frames: 1, hasTimeAxis: false),
          doublesFrames: index < configuration.temporalLevels))
    }
    self.blocks = blocks
    outputNorm = try parts.norm(decoder["norm_out"], channels: channels.last!)
    output = try parts.convolution(decoder["conv_out"], from: channels.last!, to: 3)
  }

  /// Loads parts and numbers the convolutions.
  private struct Parts {
    let configuration: CogVideoXAutoencoderConfiguration
    var convolutions = 0

    mutating func convolution(_ weights: LayerLoader, from: Int, to: Int) throws -> CausalConvolution {
      convolutions += 1
      return CausalConvolution(
        layer: try weights["conv"].convolution(from: from, to: to, size: 3, frames: 3), place: convolutions)
    }

    func norm(_ weights: LayerLoader, channels: Int) throws -> SpatialNorm {
      SpatialNorm(
        norm: try weights["norm_layer"].groupNormalization(
          groups: configuration.normGroups, channels: channels, epsilon: 1e-6),
        scale: try weights["conv_y.conv"].linear(window: [configuration.latentChannels, 1, 1, 1], to: channels),
        shift: try weights["conv_b.conv"].linear(window: [configuration.latentChannels, 1, 1, 1], to: channels))
    }

    mutating func residual(_ weights: LayerLoader, from: Int, to: Int) throws -> ResidualLayer {
      ResidualLayer(
        norms: [try norm(weights["norm1"], channels: from), try norm(weights["norm2"], channels: to)],
        convolutions: [
          try convolution(weights["conv1"], from: from, to: to), try convolution(weights["conv2"], from: to, to: to),
        ],
        shortcut: from == to ? nil : try weights["conv_shortcut"].linear(window: [from, 1, 1, 1], to: to))
    }
  }

  /// Decodes the next latent frames.
  /// - Parameters:
  ///   - latents: `[t, h, w, C]`, activations.
  ///   - history: The frames of earlier calls.
  /// - Returns: `[t', 8h, 8w, 3]`, activations, RGB from −1 to 1.
  /// - Throws: What the device throws; `CancellationError` between layers.
  func decode(_ latents: Tensor, history: inout CausalHistory) throws -> Tensor {
    let latents = try postQuantization.map { try device.linear(latents, $0) } ?? latents
    var hidden = try history.convolve(latents, input, on: device)
    for block in blocks {
      for layer in block.layers {
        try Task.checkCancellation()
        hidden = try layer.run(hidden, latents: latents, history: &history, on: device)
      }
      if let upsampling = block.upsampling {
        let map = FrameMaps.upsampling(frames: hidden.shape[0], doublesFrames: block.doublesFrames)
        hidden = try device.convolve(device.upsample(hidden, frameMap: map), previous: nil, upsampling)
      }
    }
    return try history.convolve(outputNorm.run(hidden, latents: latents, on: device), output, on: device)
  }
}

/// Which frame is repeated where.
///
/// A chunk with an odd number of frames begins a video: its first frame stands for itself, the others for a pair, four
/// or more.
enum FrameMaps {
  /// For each of `frames` hidden frames the latent frame that modulates it.
  static func nearest(frames: Int, latents: Int) -> [Int] {
    guard frames > 1, frames % 2 == 1 else { return (0..<frames).map { $0 * latents / frames } }
    return [0] + (0..<frames - 1).map { 1 + $0 * (latents - 1) / (frames - 1) }
  }

  /// For each frame after upsampling the frame that it repeats.
  static func upsampling(frames: Int, doublesFrames: Bool) -> [Int] {
    guard doublesFrames, frames > 1 else { return Array(0..<frames) }
    let pairs = (frames % 2..<frames).flatMap { [$0, $0] }
    return frames % 2 == 1 ? [0] + pairs : pairs
  }
}
