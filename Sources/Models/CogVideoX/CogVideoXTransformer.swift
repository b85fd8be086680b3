import Attention
import Checkpoint
import Compute
import Tensor

/// The transformer of CogVideoX 1.0 and 1.5, text- or image-to-video.
struct CogVideoXTransformer: Denoiser {
  /// The number that image-to-video models of version 1.5 are given beside the timestep.
  private static let offset: Float = 2

  private let configuration: CogVideoXTransformerConfiguration
  private let device: any ComputeDevice
  private let patches: VideoPatches
  private let patchEmbedding, textEmbedding: any LinearLayer
  private let timeEmbedding: [any LinearLayer]
  private let offsetEmbedding: [any LinearLayer]
  private let learnedPositions: Tensor?
  private let blocks: [CogVideoXBlock]
  private let finalNorm, outputNorm: RowNormalization
  private let outputModulation, output: any LinearLayer
  /// For each size of a video, made once.
  private let positions: KeyedCache<TokenGrid, PositionEntry, any Error>

  /// Loads the transformer.
  /// - Throws: `CheckpointError` for a missing tensor or one of a wrong shape, and what the device throws.
  init(_ configuration: CogVideoXTransformerConfiguration, weights: LayerLoader) throws {
    let width = configuration.width
    self.configuration = configuration
    device = weights.device
    patches = VideoPatches(size: configuration.patchSize, framesPerToken: configuration.framesPerToken)
    patchEmbedding = try Self.loadPatchEmbedding(configuration, weights["patch_embed.proj"])
    textEmbedding = try weights["patch_embed.text_proj"].linear(from: configuration.textWidth, to: width)
    timeEmbedding = [
      try weights["time_embedding.linear_1"].linear(from: width, to: configuration.timeWidth),
      try weights["time_embedding.linear_2"].linear(from: configuration.timeWidth, to: configuration.timeWidth),
    ]
    offsetEmbedding =
      try configuration.offsetWidth.map { offsetWidth in
        try ["ofs_embedding.linear_1", "ofs_embedding.linear_2"].map {
          try weights[$0].linear(from: offsetWidth, to: offsetWidth)
        }
      } ?? []
    learnedPositions = try Self.loadPositions(configuration, weights)
    let layers = weights["transformer_blocks"]
    blocks = try (0..<configuration.layers).map { try CogVideoXBlock(configuration, weights: layers[$0]) }
    func norm(_ name: String) throws -> RowNormalization {
      try weights[name].rowNormalization(
        .layer, channels: width, epsilon: configuration.epsilon, isAffine: configuration.hasAffineNorms)
    }
    finalNorm = try norm("norm_final")
    outputNorm = try norm("norm_out.norm")
    outputModulation = try weights["norm_out.linear"].linear(from: configuration.timeWidth, to: 2 * width)
    let features = configuration.outputChannels * configuration.framesPerToken * patches.size * patches.size
    output = try weights["proj_out"].linear(from: width, to: features)
    positions = KeyedCache { [device] grid in try PositionEntry(grid, configuration, on: device) }
  }

  /// Version 1.0 stores the patch embedding as a convolution, whose window is a row of a linear layer.
  private static func loadPatchEmbedding(
    _ configuration: CogVideoXTransformerConfiguration, _ weights: LayerLoader
  ) throws -> any LinearLayer {
    let (size, channels, width) = (configuration.patchSize, configuration.inputChannels, configuration.width)
    guard configuration.framePatchSize == nil else {
      return try weights.linear(from: channels * configuration.framesPerToken * size * size, to: width)
    }
    return try weights.linear(window: [channels, size, size], to: width, bias: configuration.hasPatchBias)
  }

  private static func loadPositions(
    _ configuration: CogVideoXTransformerConfiguration, _ weights: LayerLoader
  ) throws -> Tensor? {
    guard configuration.hasLearnedPositions else { return nil }
    let frames = (configuration.sampleFrames - 1) / configuration.temporalCompression + 1
    let places =
      (configuration.sampleHeight / configuration.patchSize) * (configuration.sampleWidth / configuration.patchSize)
    let tokens = configuration.textTokens + frames * places
    return try weights.tensor(
      "patch_embed.pos_embedding", shape: [1, tokens, configuration.width], as: weights.device.activationType
    ).reshaped([tokens, configuration.width])
  }

  /// Runs the transformer on one sample; see ``Denoiser``.
  func predict(
    _ input: DenoiserInput, attention: any AttentionMechanism, step: Int, sample: Int
  ) throws -> PendingPrediction {
    let (latents, text) = (input.latents, input.text)
    let seen = input.image.map { latents.joiningChannels(of: $0) } ?? latents
    precondition(
      seen.shape[2] == configuration.inputChannels,
      "the transformer sees \(configuration.inputChannels) channels, not \(seen.shape[2])")
    let grid = patches.grid(latents: latents.shape)
    let layout = TokenLayout(
      frames: grid.frames, tokensPerFrame: grid.height * grid.width, textTokens: text.states.shape[0],
      validTextTokens: text.validTokens, textPlacement: .first)
    let time = try embedTime(input.timestep)
    let position = try positions[grid]
    var hidden = try embed(latents: seen, text: text.states, position: position)
    for (layer, block) in blocks.enumerated() {
      try Task.checkCancellation()
      try block.run(
        &hidden, time: time, layout: layout, rotary: position.rotary, attention: attention,
        at: AttentionSite(step: step, layer: layer, sample: sample))
    }
    let tokens = try project(hidden.slice(layout.videoRange), time: time)
    let shape: Shape = [1, latents.shape[1], configuration.outputChannels, latents.shape[3], latents.shape[4]]
    return PendingPrediction { [device, patches] in patches.latents(of: try device.download(tokens), shape: shape) }
  }

  /// The activated embedding of the timestep, `[1, time width]`.
  private func embedTime(_ timestep: Float) throws -> Tensor {
    var time = try embed(timestep, width: configuration.width, layers: timeEmbedding)
    if let offsetWidth = configuration.offsetWidth {
      try device.add(embed(Self.offset, width: offsetWidth, layers: offsetEmbedding), to: &time)
    }
    return try device.activate(time, .silu)
  }

  private func embed(_ number: Float, width: Int, layers: [any LinearLayer]) throws -> Tensor {
    let waves = timestepWaves(
      number, width: width, cosinesFirst: configuration.cosinesFirst, frequencyShift: configuration.frequencyShift)
    let input = try device.upload(Tensor(waves, shape: [1, width]), as: device.activationType)
    return try device.linear(device.linear(input, layers[0], activation: .silu), layers[1])
  }

  /// The first hidden states `[S, C]`: embedded text, then embedded patches, with positions where they are added.
  private func embed(latents: Tensor, text: Tensor, position: PositionEntry) throws -> Tensor {
    let tokens = try device.upload(patches.tokens(of: latents), as: device.activationType)
    var video = try device.linear(tokens, patchEmbedding)
    if let videoPositions = position.sinusoidal { try device.add(videoPositions, to: &video) }
    var hidden = try device.concatenate([device.linear(text, textEmbedding), video])
    if let learnedPositions { try device.add(learnedPositions, to: &hidden) }
    return hidden
  }

  /// The prediction for the video's tokens, `[V, features]`, activations.
  private func project(_ video: Tensor, time: Tensor) throws -> Tensor {
    let width = configuration.width
    let vectors = try device.convert(device.linear(time, outputModulation), to: .float32).reshaped([2, width])
    let modulation = RowModulation(
      rows: 0..<video.shape[0], scale: vectors.slice(1..<2).reshaped([width]),
      shift: vectors.slice(0..<1).reshaped([width]))
    let normed = try device.normalize(
      device.normalize(video, finalNorm, modulation: []), outputNorm, modulation: [modulation])
    return try device.linear(normed, output)
  }
}

/// What depends on the size of the video alone.
private struct PositionEntry: Sendable {
  /// The rotation of video queries and keys, if the model has one.
  let rotary: RotaryTable?
  /// `[V, C]`, activations, to be added to the video's tokens, if the model does so.
  let sinusoidal: Tensor?

  /// Makes the positions of a grid.
  init(_ grid: TokenGrid, _ configuration: CogVideoXTransformerConfiguration, on device: any ComputeDevice) throws {
    let positions = CogVideoXPositions(configuration: configuration)
    guard configuration.hasRotaryPositions else {
      rotary = nil
      sinusoidal = try device.upload(positions.sinusoidal(grid), as: device.activationType)
      return
    }
    let (cosine, sine) = positions.rotary(grid)
    rotary = RotaryTable(
      cosine: try device.upload(cosine, as: .float32), sine: try device.upload(sine, as: .float32))
    sinusoidal = nil
  }
}
