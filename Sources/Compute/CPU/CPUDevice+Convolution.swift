import CKernels
import Tensor

extension CPUDevice {
  /// Packs the weights of each step in time.
  public func makeConvolution(_ parameters: ConvolutionParameters) throws -> any ConvolutionLayer {
    let shape = parameters.weight.shape
    if shape.dimensions[2...] == [1, 1, 1] && parameters.stride == 1 && parameters.padding == SpatialPadding(0) {
      let linear = try makeLinear(
        LinearParameters(
          weights: [parameters.weight.reshaped([shape[0], shape[1]])], biases: parameters.bias.map { [$0] } ?? []))
      guard let linear = linear as? CPULinear else { preconditionFailure("this device makes its own layers") }
      return CPUPointwiseConvolution(shape: shape, linear: linear)
    }
    return try measure(.convolution) {
      let layer = try withProductType { (type) throws(ComputeError) in
        try CPUConvolution(parameters, frameType: type)
      }
      let taps = shape[3] * shape[4]
      let source = parameters.weight
      try workers.run(shape[2]) { slice in
        let scratch = try makeTensor([shape[0] * shape[1], taps], layer.frameType)
        try unsafe scratch.withHostPointer { weights in
          unsafe source.withHostPointer { address in
            unsafe svg_convert_rows(
              instructionSet, address + slice * taps * source.elementType.byteCount, source.elementType.kernelNumber,
              Int64(shape[2] * taps), weights, layer.frameType.kernelNumber, Int64(taps),
              Int64(shape[0] * shape[1]), Int64(taps))
          }
          try unsafe layer.pack(slice: slice, weights: weights)
        }
      }
      if let bias = try parameters.bias.map({ try convert($0, to: .float32) }) {
        try unsafe bias.withHostPointer { try unsafe layer.setBias($0.assumingMemoryBound(to: Float.self)) }
      }
      return layer
    }
  }

  /// Convolves frames, causally in time: each slab of rows of a frame of the result is the sum of the slabs of the
  /// frames that it sees. Frames before the first are only other addresses: nothing is joined or padded in memory.
  public func convolve(_ frames: Tensor, previous: Tensor?, _ layer: any ConvolutionLayer) throws -> Tensor {
    if let pointwise = layer as? CPUPointwiseConvolution {
      return try measure(.convolution) { try product(of: frames, pointwise.linear, .identity) }
    }
    guard let layer = layer as? CPUConvolution else { preconditionFailure("the layer was made by another device") }
    return try measure(.convolution) {
      let (count, height, width) = (frames.shape[0], frames.shape[1], frames.shape[2])
      precondition(frames.shape[3] == layer.shape[1], "\(frames) does not fit a convolution \(layer.shape)")
      let depth = layer.shape[2]
      precondition(
        previous.map { $0.shape == Shape([depth - 1] + frames.shape.dimensions.dropFirst()) } ?? true,
        "the frames before \(frames) are not \(depth - 1)")
      let size = convolvedSize(
        layer.shape, stride: layer.stride, padding: layer.padding, height: height, width: width)
      let result = try makeTensor([count, size.height, size.width, layer.shape[0]], activationType)
      let slabs = ConvolutionSlab.slabs(
        height: height, outputHeight: size.height, outputWidth: size.width, layer: layer)
      try workers.run(count * slabs.count) { task in
        let (frame, slab) = (task / slabs.count, slabs[task % slabs.count])
        let seen = (0..<depth).map { step in
          let time = frame + step - (depth - 1)
          if time >= 0 { return frames.slice(time..<time + 1) }
          return previous.map { $0.slice(depth - 1 + time..<depth + time) } ?? frames.slice(0..<1)
        }
        let target = result.slice(frame..<frame + 1).reshaped([size.height, size.width, layer.shape[0]])
          .slice(slab.outputRows)
        try convolve(seen, slab, layer, to: target)
      }
      return result
    }
  }

  /// Sums the convolutions of all frames that a slab sees.
  private func convolve(
    _ frames: [Tensor], _ slab: ConvolutionSlab, _ layer: CPUConvolution, to target: Tensor
  ) throws {
    // Sums of several frames are float32; so is all that oneDNN writes from float32 frames.
    let isDirect = target.elementType == .float32 || (frames.count == 1 && layer.frameType == target.elementType)
    let sums = isDirect ? target : try makeTensor(target.shape, .float32)
    for (slice, frame) in frames.enumerated() {
      let inner = frame.reshaped(Shape(Array(frame.shape.dimensions.dropFirst()))).slice(slab.inputRows)
      let isBordered = layer.border == .nearest
      let rows = try isBordered ? bordered(inner, slab, layer) : converted(inner, to: layer.frameType)
      try unsafe rows.withHostPointer { input in
        try unsafe sums.withHostPointer { output in
          try unsafe layer.run(
            slice: slice, rows: rows.shape[0], top: isBordered ? 0 : slab.top, bottom: isBordered ? 0 : slab.bottom,
            width: rows.shape[1], input: input, output: output, outputType: sums.elementType)
        }
      }
    }
    guard !isDirect else { return }
    unsafe sums.withHostPointer { source in
      unsafe target.withHostPointer { output in
        unsafe svg_convert(
          instructionSet, source, SVG_NUMBER_FLOAT32, output, target.elementType.kernelNumber, target.shape.count)
      }
    }
  }
  /// The rows of a slab with the border that repeats their nearest places: a copy of the slab's size, in cache.
  private func bordered(_ rows: Tensor, _ slab: ConvolutionSlab, _ layer: CPUConvolution) throws -> Tensor {
    let (height, width, channels) = (rows.shape[0], rows.shape[1], rows.shape[2])
    let (left, right) = (layer.padding.left, layer.padding.right)
    let result = try makeTensor([slab.top + height + slab.bottom, left + width + right, channels], layer.frameType)
    let placeBytes = channels * layer.frameType.byteCount
    let rowBytes = (left + width + right) * placeBytes
    unsafe rows.withHostPointer { source in
      unsafe result.withHostPointer { target in
        let first = unsafe target + slab.top * rowBytes
        unsafe svg_convert_rows(
          instructionSet, source, rows.elementType.kernelNumber, Int64(width * channels), first + left * placeBytes,
          layer.frameType.kernelNumber, Int64((left + width + right) * channels), Int64(height),
          Int64(width * channels))
        for row in 0..<height {
          let begin = unsafe first + row * rowBytes
          for place in 0..<left {
            unsafe (begin + place * placeBytes).copyMemory(from: begin + left * placeBytes, byteCount: placeBytes)
          }
          for place in left + width..<left + width + right {
            unsafe (begin + place * placeBytes).copyMemory(
              from: begin + (left + width - 1) * placeBytes, byteCount: placeBytes)
          }
        }
        for row in 0..<slab.top {
          unsafe (target + row * rowBytes).copyMemory(from: first, byteCount: rowBytes)
        }
        for row in 0..<slab.bottom {
          unsafe (first + (height + row) * rowBytes).copyMemory(
            from: first + (height - 1) * rowBytes, byteCount: rowBytes)
        }
      }
    }
    return result
  }
}
