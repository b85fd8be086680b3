extension CogVideoXModel {
  /// The networks and their parameters.
  public var networks: [ModelNetwork] {
    [
      ModelNetwork(
        component: "text_encoder", role: .textEncoder, parameters: textEncoder.parameters,
        tableParameters: textEncoder.vocabulary * textEncoder.modelWidth),
      ModelNetwork(component: "transformer", role: .transformer, parameters: transformer.parameters),
      ModelNetwork(component: "vae", role: .decoder, parameters: autoencoder.decoderParameters),
    ]
  }
}

extension CogVideoXTransformerConfiguration {
  /// All parameters.
  var parameters: Int {
    let places = patchSize * patchSize
    let window = inputChannels * framesPerToken * places
    let embedding =
      ParameterCount.linear(window, width, bias: framePatchSize != nil || hasPatchBias)
      + ParameterCount.linear(textWidth, width) + ParameterCount.projection(width, timeWidth)
      + (offsetWidth.map { ParameterCount.projection($0, $0) } ?? 0) + (hasLearnedPositions ? positions : 0)
    let norm = hasAffineNorms ? 2 * width : 0
    let block =
      2 * (ParameterCount.linear(timeWidth, 6 * width) + norm)
      + 3 * ParameterCount.linear(width, width, bias: hasAttentionBias) + 4 * headDimension
      + ParameterCount.linear(width, width) + ParameterCount.linear(width, 4 * width)
      + ParameterCount.linear(4 * width, width)
    let output =
      2 * norm + ParameterCount.linear(timeWidth, 2 * width)
      + ParameterCount.linear(width, outputChannels * framesPerToken * places)
    return embedding + layers * block + output
  }

  /// Numbers of the table of learned positions.
  private var positions: Int {
    let frames = (sampleFrames - 1) / temporalCompression + 1
    return (textTokens + frames * (sampleHeight / patchSize) * (sampleWidth / patchSize)) * width
  }
}

extension CogVideoXAutoencoderConfiguration {
  /// The parameters of the decoder, and of what latents pass before it.
  var decoderParameters: Int {
    let channels = [self.blockChannels.last!] + self.blockChannels.reversed()
    func convolution(_ from: Int, _ to: Int) -> Int { ParameterCount.convolution(from, to, taps: 27) }
    func norm(_ channels: Int) -> Int { 2 * channels + 2 * ParameterCount.linear(self.latentChannels, channels) }
    func residual(_ from: Int, _ to: Int) -> Int {
      norm(from) + norm(to) + convolution(from, to) + convolution(to, to)
        + (from == to ? 0 : ParameterCount.linear(from, to))
    }
    let blocks = self.blockChannels.indices.map { index in
      let (from, to) = (channels[index], channels[index + 1])
      let isLast = index == self.blockChannels.count - 1
      return residual(from, to) + self.layersPerBlock * residual(to, to)
        + (isLast ? 0 : ParameterCount.convolution(to, to, taps: 9))
    }
    return (hasPostQuantization ? ParameterCount.linear(self.latentChannels, self.latentChannels) : 0)
      + convolution(self.latentChannels, channels[0]) + 2 * residual(channels[0], channels[0]) + blocks.reduce(0, +)
      + norm(channels.last!) + convolution(channels.last!, 3)
  }
}

extension CogVideoXAutoencoderConfiguration {
  /// The parameters of the encoder, and of what moments pass after it.
  var encoderParameters: Int {
    let channels = [self.blockChannels[0]] + self.blockChannels
    let moments = 2 * self.latentChannels
    func convolution(_ from: Int, _ to: Int) -> Int { ParameterCount.convolution(from, to, taps: 27) }
    func residual(_ from: Int, _ to: Int) -> Int {
      2 * (from + to) + convolution(from, to) + convolution(to, to)
        + (from == to ? 0 : ParameterCount.linear(from, to))
    }
    let blocks = self.blockChannels.indices.map { index in
      let (from, to) = (channels[index], channels[index + 1])
      let isLast = index == self.blockChannels.count - 1
      return residual(from, to) + (self.layersPerBlock - 1) * residual(to, to)
        + (isLast ? 0 : ParameterCount.convolution(to, to, taps: 9))
    }
    let last = channels.last!
    return convolution(3, channels[0]) + blocks.reduce(0, +) + 2 * residual(last, last) + 2 * last
      + convolution(last, moments) + (hasQuantization ? ParameterCount.linear(moments, moments) : 0)
  }
}

extension T5Configuration {
  /// All parameters of the encoder.
  var parameters: Int {
    let inner = heads * headDimension
    let expansions = feedForward == .gatedGELU ? 2 : 1
    let layer = 4 * modelWidth * inner + (expansions + 1) * modelWidth * feedForwardWidth + 2 * modelWidth
    return vocabulary * modelWidth + relativePositionBuckets * heads + layers * layer + modelWidth
  }
}
