extension HunyuanVideoModel {
  /// The networks and their parameters.
  public var networks: [ModelNetwork] {
    [
      ModelNetwork(
        component: "text_encoder", role: .textEncoder,
        parameters: text.llama.parameters(layers: text.llama.layers - HunyuanVideoPrompt.skippedLayers),
        tableParameters: text.llama.vocabulary * text.llama.width),
      ModelNetwork(component: "text_encoder_2", role: .textEncoder, parameters: text.clip.parameters),
      ModelNetwork(component: "transformer", role: .transformer, parameters: transformer.parameters),
      ModelNetwork(component: "vae", role: .decoder, parameters: autoencoder.decoderParameters),
    ]
  }
}

extension LlamaConfiguration {
  /// The parameters of the embedding and of the first layers: what is loaded when the states between layers are wanted.
  func parameters(layers: Int) -> Int {
    func linear(_ from: Int, _ to: Int) -> Int { ParameterCount.linear(from, to, bias: hasAttentionBias) }
    let (queries, keys) = (heads * headDimension, keyHeads * headDimension)
    let attention = linear(width, queries) + 2 * linear(width, keys) + linear(queries, width)
    let feedForward =
      2 * ParameterCount.linear(width, feedForwardWidth, bias: hasFeedForwardBias)
      + ParameterCount.linear(feedForwardWidth, width, bias: hasFeedForwardBias)
    return vocabulary * width + layers * (attention + feedForward + 2 * width)
  }
}

extension CLIPTextConfiguration {
  /// All parameters.
  var parameters: Int {
    let layer =
      4 * ParameterCount.linear(width, width) + ParameterCount.linear(width, feedForwardWidth)
      + ParameterCount.linear(feedForwardWidth, width) + 4 * width
    return (vocabulary + maximumTokens) * width + layers * layer + 2 * width
  }
}

extension HunyuanVideoTransformerConfiguration {
  /// All parameters.
  var parameters: Int {
    func linear(_ from: Int, _ to: Int) -> Int { ParameterCount.linear(from, to) }
    let window = framePatchSize * patchSize * patchSize
    func feedForward(_ inner: Int) -> Int { linear(width, inner) + linear(inner, width) }
    let refinerLayer = 4 * linear(width, width) + feedForward(4 * width) + 4 * width + linear(width, 2 * width)
    let refiner =
      ParameterCount.projection(256, width) + ParameterCount.projection(textWidth, width) + linear(textWidth, width)
      + refinerLayers * refinerLayer
    let embedding =
      linear(inputChannels * window, width) + (embedsGuidance ? 2 : 1) * ParameterCount.projection(256, width)
      + ParameterCount.projection(pooledWidth, width)
    let dual =
      2 * (linear(width, 6 * width) + 4 * linear(width, width) + feedForward(feedForwardWidth) + 2 * headDimension)
    let single =
      linear(width, 3 * width) + 3 * linear(width, width) + linear(width, feedForwardWidth)
      + linear(width + feedForwardWidth, width) + 2 * headDimension
    let output = linear(width, 2 * width) + linear(width, outputChannels * window)
    return refiner + embedding + dualLayers * dual + singleLayers * single + output
  }
}

extension HunyuanVideoAutoencoderConfiguration {
  /// The parameters of the decoder, and of what latents pass before it.
  var decoderParameters: Int {
    let channels = [self.blockChannels.last!] + self.blockChannels.reversed()
    func convolution(_ from: Int, _ to: Int) -> Int { ParameterCount.convolution(from, to, taps: 27) }
    func residual(_ from: Int, _ to: Int) -> Int {
      2 * (from + to) + convolution(from, to) + convolution(to, to) + (from == to ? 0 : ParameterCount.linear(from, to))
    }
    let attention = hasAttention ? 2 * channels[0] + 4 * ParameterCount.linear(channels[0], channels[0]) : 0
    let blocks = self.blockChannels.indices.map { index in
      let (from, to) = (channels[index], channels[index + 1])
      return residual(from, to) + self.layersPerBlock * residual(to, to)
        + (doublesSize(block: index) ? convolution(to, to) : 0)
    }
    return ParameterCount.linear(self.latentChannels, self.latentChannels)
      + convolution(self.latentChannels, channels[0])
      + 2 * residual(channels[0], channels[0]) + attention + blocks.reduce(0, +) + 2 * channels.last!
      + convolution(channels.last!, 3)
  }
}
