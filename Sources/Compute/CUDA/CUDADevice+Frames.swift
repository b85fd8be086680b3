import Tensor

/// A convolution in the memory of a GPU.
struct CUDAConvolution: ConvolutionLayer {
  let shape: Shape
  /// `[taps, O, C']`, bfloat16: C rounded up to whole steps of the kernel with zeros.
  let weight: Tensor
  /// `[O]`, float32.
  let bias: Tensor
  let stride: Int
  let padding: SpatialPadding
  let border: FrameBorder

  var byteCount: Int { weight.byteCount + bias.byteCount }

  /// Channels that a step of the kernel takes.
  static let channelStep = 32

  /// The kernel for so many channels and outputs, and how many outputs one of its blocks computes.
  static func kernel(channels: Int, outputs: Int) -> (name: String, outputs: Int) {
    let width = outputs > 64 ? 128 : outputs > 32 ? 64 : 32
    // Rows of a multiple of 8 channels can be copied 16 bytes at a time.
    return ("convolve_\(width)" + (channels % 8 == 0 ? "_aligned" : ""), width)
  }

  /// Blocks for so many places and outputs; a block computes 128 places.
  static func launch(places: Int, outputs: Int, blockOutputs: Int) -> CUDALaunch {
    CUDALaunch(grid: ((places + 127) / 128, (outputs + blockOutputs - 1) / blockOutputs), threads: 256)
  }
}

extension CUDADevice {
  /// Copies the weights to the GPU and orders them tap by tap.
  public func makeConvolution(_ parameters: ConvolutionParameters) throws -> any ConvolutionLayer {
    return try makeConvolution(
      weights: upload(parameters.weight, as: activationType),
      bias: parameters.bias.map { try upload($0, as: .float32) }, stride: parameters.stride,
      padding: parameters.padding, border: parameters.border)
  }

  /// Orders weights `[O, C, kt, kh, kw]` that are on the GPU tap by tap.
  func makeConvolution(
    weights: Tensor, bias: Tensor?, stride: Int, padding: SpatialPadding, border: FrameBorder = .zeros
  ) throws -> CUDAConvolution {
    let shape = weights.shape
    let (outputs, channels, taps) = (shape[0], shape[1], shape[2] * shape[3] * shape[4])
    let step = CUDAConvolution.channelStep
    let padded = (channels + step - 1) / step * step
    let ordered = try makeTensor([taps, outputs, padded], activationType)
    try kernels.launch("order_taps", in: .convolve, elements(ordered.shape.count)) {
      $0.pointer(weights.deviceAddress)
      $0.pointer(ordered.deviceAddress)
      for number in [outputs, channels, taps, padded] { $0.int(number) }
    }
    let zeros = Tensor([Float](repeating: 0, count: outputs), shape: [outputs])
    return CUDAConvolution(
      shape: shape, weight: ordered, bias: try bias ?? upload(zeros, as: .float32), stride: stride, padding: padding,
      border: border)
  }

  /// Convolves frames, causally in time. Frames before the first are only other addresses: nothing is joined, padded or
  /// unfolded in memory.
  public func convolve(_ frames: Tensor, previous: Tensor?, _ layer: any ConvolutionLayer) throws -> Tensor {
    guard let layer = layer as? CUDAConvolution else { preconditionFailure("the layer was made by another device") }
    precondition(
      previous.map { $0.shape == Shape([layer.shape[2] - 1] + frames.shape.dimensions.dropFirst()) } ?? true,
      "the frames before \(frames) are not \(layer.shape[2] - 1)")
    return try measure(.convolution) {
      let size = convolvedSize(
        layer.shape, stride: layer.stride, padding: layer.padding, height: frames.shape[1], width: frames.shape[2])
      let result = try makeTensor([frames.shape[0], size.height, size.width, layer.shape[0]], activationType)
      // A convolution of one frame has none before it, though there may be a tensor without frames.
      let before = previous.flatMap { $0.shape.count > 0 ? $0 : nil }
      try convolve(frames, previous: before, layer, activation: .identity, to: result)
      return result
    }
  }

  /// Writes `activation` of a convolution to a tensor.
  func convolve(
    _ frames: Tensor, previous: Tensor?, _ layer: CUDAConvolution, activation: Activation, to result: Tensor
  ) throws {
    let (outputs, channels) = (layer.shape[0], layer.shape[1])
    precondition(
      frames.shape[3] == channels && frames.elementType == activationType,
      "\(frames) does not fit a convolution \(layer.shape)")
    let places = result.shape.rows
    precondition(places < 1 << 31 && frames.shape[0] < 1 << 20, "\(frames) has more places than 31 bits count")
    let kernel = CUDAConvolution.kernel(channels: channels, outputs: outputs)
    let launch = CUDAConvolution.launch(places: places, outputs: outputs, blockOutputs: kernel.outputs)
    try kernels.launch(kernel.name, in: .convolve, launch) {
      $0.pointer(frames.deviceAddress)
      $0.pointer(previous?.deviceAddress)
      $0.pointer(layer.weight.deviceAddress)
      $0.pointer(layer.bias.deviceAddress)
      $0.pointer(result.deviceAddress)
      for number in [
        frames.shape[1], frames.shape[2], channels, result.shape[1], result.shape[2], outputs, layer.shape[2],
        layer.shape[3], layer.shape[4], layer.stride, layer.padding.top, layer.padding.left, activation.kernelCode,
        layer.border == .nearest ? 1 : 0, places,
      ] { $0.int(number) }
      $0.align(8)
    }
  }

  /// Normalizes groups of channels: sums of all channels, then one map that also modulates and activates.
  public func normalizeGroups(
    _ frames: Tensor, _ norm: GroupNormalization, modulation: NearestModulation?, activation: Activation
  ) throws -> Tensor {
    let (height, width, channels) = (frames.shape[1], frames.shape[2], frames.shape[3])
    precondition(
      channels % norm.groups == 0 && norm.weight.shape == [channels] && norm.bias.shape == [channels],
      "a norm of \(norm.groups) groups with weights \(norm.weight.shape) does not fit \(frames)")
    precondition(
      modulation.map {
        $0.scale.shape == $0.shift.shape && $0.scale.shape[3] == channels && $0.frameMap.count == frames.shape[0]
          && $0.scale.elementType == activationType && $0.shift.elementType == activationType
      } ?? true, "the modulation does not fit \(frames)")
    return try measure(.other) {
      let result = try makeTensor(frames.shape, activationType)
      let maps = try channelMaps(frames, norm)
      let frameMap = try modulation.map { try integers($0.frameMap) }
      try kernels.launch("apply_channels", in: .frames, .rows(frames.shape[0] * height)) {
        $0.pointer(frames.deviceAddress)
        $0.pointer(result.deviceAddress)
        $0.pointer(maps.deviceAddress)
        for number in [height, width, channels] { $0.int(number) }
        $0.pointer(modulation?.scale.deviceAddress)
        $0.pointer(modulation?.shift.deviceAddress)
        $0.pointer(frameMap?.deviceAddress)
        $0.int(modulation?.scale.shape[1] ?? 0)
        $0.int(modulation?.scale.shape[2] ?? 0)
        $0.int(activation.kernelCode)
      }
      return result
    }
  }

  /// `[2, C]`, float32: for each channel the factor and the offset that normalize its group and apply its weights.
  private func channelMaps(_ frames: Tensor, _ norm: GroupNormalization) throws -> Tensor {
    let channels = frames.shape[3]
    let places = frames.shape.count / channels
    // Enough stretches for every multiprocessor; sums of one are float32.
    let stretch = max(64, (places + 1023) / 1024)
    let stretches = (places + stretch - 1) / stretch
    let sums = try makeTensor([stretches, 2, channels], .float32)
    let maps = try makeTensor([2, channels], .float32)
    try kernels.launch("channel_sums", in: .frames, .rows(stretches)) {
      $0.pointer(frames.deviceAddress)
      $0.pointer(sums.deviceAddress)
      $0.long(places)
      $0.int(channels)
      $0.int(stretch)
    }
    try kernels.launch("channel_maps", in: .frames, .rows(norm.groups, threads: 128)) {
      $0.pointer(frames.deviceAddress)
      $0.pointer(sums.deviceAddress)
      $0.pointer(maps.deviceAddress)
      $0.long(places)
      for number in [channels, norm.groups, stretches] { $0.int(number) }
      $0.float(norm.epsilon)
      $0.pointer(norm.weight.deviceAddress)
      $0.pointer(norm.bias.deviceAddress)
    }
    return maps
  }

  /// Repeats each place `2×2` times, and frames as `frameMap` says.
  public func upsample(_ frames: Tensor, frameMap: [Int]) throws -> Tensor {
    let (height, width) = (frames.shape[1], frames.shape[2])
    let placeBytes = frames.shape[3] * frames.elementType.byteCount
    precondition(frameMap.allSatisfy { $0 >= 0 && $0 < frames.shape[0] }, "\(frames) has not all of \(frameMap)")
    return try measure(.other) {
      let result = try makeTensor([frameMap.count, 2 * height, 2 * width, frames.shape[3]], frames.elementType)
      let map = try integers(frameMap)
      let unit = placeBytes % 16 == 0 ? 16 : placeBytes % 4 == 0 ? 4 : 2
      try kernels.launch("upsample_\(unit)", in: .frames, .rows(frameMap.count * 2 * height)) {
        $0.pointer(frames.deviceAddress)
        $0.pointer(result.deviceAddress)
        $0.pointer(map.deviceAddress)
        for number in [height, width, placeBytes / unit] { $0.int(number) }
      }
      return result
    }
  }
}
