import Attention
import Compute
import Tensor

/// The transformer of HunyuanVideo, text-to-video.
struct HunyuanVideoTransformer: Denoiser {
  private let configuration: HunyuanVideoTransformerConfiguration
  private let device: any ComputeDevice
  private let patches: VideoPatches
  private let patchEmbedding: any LinearLayer
  private let refiner: HunyuanVideoTextRefiner
  private let time: NumberEmbedding
  private let guidance: NumberEmbedding?
  private let pooled: VectorProjection
  private let dualBlocks: [HunyuanVideoDualBlock]
  private let singleBlocks: [HunyuanVideoSingleBlock]
  private let outputModulation: AdaptiveVectors
  private let output: any LinearLayer
  /// For each size of a video, made once.
  private let rotations: KeyedCache<TokenGrid, RotaryTable, any Error>

  /// Loads the transformer.
  /// - Throws: `CheckpointError` for a missing tensor or one of a wrong shape, and what the device throws.
  init(_ configuration: HunyuanVideoTransformerConfiguration, weights: LayerLoader) throws {
    let width = configuration.width
    self.configuration = configuration
    device = weights.device
    patches = VideoPatches(size: configuration.patchSize, framesPerToken: configuration.framePatchSize)
    patchEmbedding = try weights["x_embedder.proj"].linear(
      window: [configuration.inputChannels, patches.framesPerToken, patches.size, patches.size], to: width)
    refiner = try HunyuanVideoTextRefiner(configuration, weights: weights["context_embedder"])
    let embedding = weights["time_text_embed"]
    time = try NumberEmbedding(to: width, weights: embedding["timestep_embedder"])
    guidance =
      try configuration.embedsGuidance
      ? NumberEmbedding(to: width, weights: embedding["guidance_embedder"]) : nil
    pooled = try VectorProjection(
      from: configuration.pooledWidth, to: width, weights: embedding["text_embedder"])
    dualBlocks = try (0..<configuration.dualLayers).map {
      try HunyuanVideoDualBlock(configuration, weights: weights["transformer_blocks"][$0])
    }
    singleBlocks = try (0..<configuration.singleLayers).map {
      try HunyuanVideoSingleBlock(configuration, weights: weights["single_transformer_blocks"][$0])
    }
    outputModulation = try AdaptiveVectors(2, width: width, weights: weights["norm_out.linear"])
    let features = configuration.outputChannels * patches.framesPerToken * patches.size * patches.size
    output = try weights["proj_out"].linear(from: width, to: features)
    let positions = HunyuanVideoPositions(
      dimensions: configuration.rotaryDimensions, base: configuration.rotaryBase)
    rotations = KeyedCache { [device] grid in
      let (cosine, sine) = positions.rotary(grid)
      return RotaryTable(
        cosine: try device.upload(cosine, as: .float32), sine: try device.upload(sine, as: .float32))
    }
  }

  /// Runs the transformer on one sample; see ``Denoiser``.
  /// - Precondition: The text has a valid token and a pooled vector, and the input a guidance scale where the model
  ///   embeds it.
  func predict(
    _ input: DenoiserInput, attention: any AttentionMechanism, step: Int, sample: Int
  ) throws -> PendingPrediction {
    let shape = input.latents.shape
    let grid = patches.grid(latents: shape)
    let layout = TokenLayout(
      frames: grid.frames, tokensPerFrame: grid.height * grid.width, textTokens: input.text.states.shape[0],
      validTextTokens: input.text.validTokens, textPlacement: .last)
    let rotary = try rotations[grid]
    let embedding = try embed(input)
    var video = try device.linear(
      device.upload(patches.tokens(of: input.latents), as: device.activationType), patchEmbedding)
    var text = try refined(input.text, timestep: input.timestep)
    for (layer, block) in dualBlocks.enumerated() {
      try Task.checkCancellation()
      try block.run(
        video: &video, text: &text, step: embedding, layout: layout, rotary: rotary, attention: attention,
        at: AttentionSite(step: step, layer: layer, sample: sample))
    }
    var hidden = try device.concatenate([video, text])
    for (index, block) in singleBlocks.enumerated() {
      try Task.checkCancellation()
      try block.run(
        &hidden, step: embedding, layout: layout, rotary: rotary, attention: attention,
        at: AttentionSite(step: step, layer: dualBlocks.count + index, sample: sample))
    }
    let tokens = try project(hidden.slice(layout.videoRange), step: embedding)
    let predicted: Shape = [1, shape[1], configuration.outputChannels, shape[3], shape[4]]
    return PendingPrediction { [device, patches] in patches.latents(of: try device.download(tokens), shape: predicted) }
  }

  /// The activated embedding of timestep, guidance and prompt, `[1, C]`.
  private func embed(_ input: DenoiserInput) throws -> Tensor {
    guard let vector = input.text.pooled else { preconditionFailure("HunyuanVideo needs a vector of the whole prompt") }
    var embedding = try time(input.timestep)
    if let guidance {
      guard let scale = input.guidance else { preconditionFailure("the model is told the guidance scale") }
      try device.add(guidance(scale * 1000), to: &embedding)
    }
    try device.add(pooled(vector.reshaped([1, vector.shape.count])), to: &embedding)
    return try device.activate(embedding, .silu)
  }

  /// The text as the layers take it, `[T, C]`; padding is zero, for nothing real sees it.
  private func refined(_ text: TextCondition, timestep: Float) throws -> Tensor {
    let (count, valid) = (text.states.shape[0], text.validTokens)
    precondition(valid > 0, "a prompt has at least one token")
    let refined = try refiner.run(text.states.slice(0..<valid), timestep: timestep)
    guard valid < count else { return refined }
    let padding = Tensor(
      [Float](repeating: 0, count: (count - valid) * configuration.width), shape: [count - valid, configuration.width])
    return try device.concatenate([refined, device.upload(padding, as: device.activationType)])
  }

  /// The prediction for the video's tokens, `[V, features]`, activations.
  private func project(_ video: Tensor, step: Tensor) throws -> Tensor {
    let vectors = try outputModulation(step)
    let modulation = RowModulation(rows: 0..<video.shape[0], scale: vectors[0], shift: vectors[1])
    let normed = try device.normalize(
      video, RowNormalization(.layer, epsilon: 1e-6), modulation: [modulation])
    return try device.linear(normed, output)
  }
}
