import Tensor

extension CUDADevice {
  /// Bytes that cuDNN may need beside its operands.
  public static var convolutionWorkspaceBytes: Int { CUDAConvolutions.mostWorkspaceBytes }
  /// Bytes that a copy of frames for cuDNN takes at most, unless those that make one frame take more.
  public static var convolutionCopyBytes: Int { CUDAConvolutionForm.copyBytes }

  /// Copies the weights to the GPU and orders them output by output, tap by tap.
  public func makeConvolution(_ parameters: ConvolutionParameters) throws -> any ConvolutionLayer {
    return try makeConvolution(
      weights: upload(parameters.weight, as: activationType),
      bias: parameters.bias.map { try upload($0, as: .float32) }, stride: parameters.stride,
      padding: parameters.padding, border: parameters.border)
  }

  /// Orders weights `[O, C, kt, kh, kw]` that are on the GPU output by output, tap by tap.
  func makeConvolution(
    weights: Tensor, bias: Tensor?, stride: Int, padding: SpatialPadding, border: FrameBorder = .zeros
  ) throws -> CUDAConvolution {
    let shape = weights.shape
    let (outputs, channels, taps) = (shape[0], shape[1], shape[2] * shape[3] * shape[4])
    let step = CUDAConvolution.channelStep
    let padded = (channels + step - 1) / step * step
    let ordered = try makeTensor([outputs, taps, padded], activationType)
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

  /// Convolves frames, causally in time: through cuDNN where it is there and takes the convolution, else by our kernel.
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
      if try !convolveByLibrary(frames, previous: before, layer, to: result) {
        try convolve(frames, previous: before, layer, activation: .identity, to: result)
      }
      return result
    }
  }

  /// Writes `activation` of a convolution to a tensor, by our kernel. Frames before the first are only other addresses:
  /// nothing is joined, padded or unfolded in memory.
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

  /// Whether cuDNN takes a convolution of frames of this shape.
  package func convolvesByLibrary(_ frames: Shape, _ layer: any ConvolutionLayer) throws -> Bool {
    guard let layer = layer as? CUDAConvolution else { return false }
    let size = convolvedSize(
      layer.shape, stride: layer.stride, padding: layer.padding, height: frames[1], width: frames[2])
    return try libraryPieces(frames, resultArea: size.height * size.width, layer) != nil
  }

  /// How cuDNN is given a convolution, and its plan for each piece; `nil` when it does not take the convolution.
  private func libraryPieces(
    _ frames: Shape, resultArea: Int, _ layer: CUDAConvolution
  ) throws -> (form: CUDAConvolutionForm, pieces: [(frames: Range<Int>, plan: CUDAConvolutions.Plan)])? {
    guard let convolutions, convolutions.choice.asksLibrary(layer.shape, places: frames[0] * resultArea),
      let form = CUDAConvolutionForm(
        frames, resultArea: resultArea, layer, copyBytes: convolutions.mostCopiedBytes)
    else { return nil }
    var pieces: [(frames: Range<Int>, plan: CUDAConvolutions.Plan)] = []
    for first in stride(from: 0, to: frames[0], by: form.pieceFrames) {
      let piece = first..<min(first + form.pieceFrames, frames[0])
      let problem = form.problem(frames: piece.count, height: frames[1], width: frames[2])
      guard let plan = try convolutions.plan(for: problem) else { return nil }
      pieces.append((piece, plan))
    }
    return (form, pieces)
  }

  /// Writes a convolution to a tensor through cuDNN, piece by piece.
  /// - Returns: Whether the library took it; if not, nothing was done.
  private func convolveByLibrary(
    _ frames: Tensor, previous: Tensor?, _ layer: CUDAConvolution, to result: Tensor
  ) throws -> Bool {
    precondition(
      frames.shape[3] == layer.shape[1] && frames.elementType == activationType,
      "\(frames) does not fit a convolution \(layer.shape)")
    guard let convolutions,
      let (form, pieces) = try libraryPieces(
        frames.shape, resultArea: result.shape[1] * result.shape[2], layer)
    else { return false }
    for (piece, plan) in pieces {
      let input =
        try form.copiedBorder.map { try surround(frames, previous: previous, layer, piece, border: $0) }
        ?? frames.slice(piece)
      let output = result.slice(piece)
      if plan.addsToOutput { try repeatBias(layer.bias, in: output) }
      try convolutions.run(
        plan, input: input.deviceAddress, weights: layer.weight.deviceAddress, bias: layer.bias.deviceAddress,
        output: output.deviceAddress)
    }
    return true
  }

  private func repeatBias(_ bias: Tensor, in output: Tensor) throws {
    let units = bias.shape[0] / CUDAConvolution.channelStep
    try kernels.launch("repeat_bias", in: .surround, elements(output.shape.rows * units)) {
      $0.pointer(output.deviceAddress)
      $0.pointer(bias.deviceAddress)
      $0.long(output.shape.rows * units)
      $0.int(units)
    }
  }

  /// A copy of the frames that a piece of the result sees, with a border around each.
  private func surround(
    _ frames: Tensor, previous: Tensor?, _ layer: CUDAConvolution, _ piece: Range<Int>, border: SpatialPadding
  ) throws -> Tensor {
    let before = layer.shape[2] - 1
    let (height, width, channels) = (frames.shape[1], frames.shape[2], frames.shape[3])
    let copy = try makeTensor(
      [
        piece.count + before, height + border.top + border.bottom, width + border.left + border.right, channels,
      ], activationType)
    try kernels.launch("surround_frames", in: .surround, .rows(copy.shape[0] * copy.shape[1])) {
      $0.pointer(frames.deviceAddress)
      $0.pointer(previous?.deviceAddress)
      $0.pointer(copy.deviceAddress)
      for number in [
        height, width, channels / CUDAConvolution.channelStep, copy.shape[1], copy.shape[2], border.top, border.left,
        before,
        piece.lowerBound,
        layer.border == .nearest ? 1 : 0,
      ] { $0.int(number) }
    }
    return copy
  }
}
