import Tensor

extension DeviceCheck {
  /// A convolution to check.
  private struct Kernel {
    var frames = 3
    var height = 5
    var width = 6
    var channels = 8
    var outputs = 8
    var depth = 3
    var size = 3
    var stride = 1
    var padding = SpatialPadding(1)
    var border = FrameBorder.zeros

    /// - Parameter type: Of the device: what it may round the bias to.
    func parameters(_ type: ElementType) -> ConvolutionParameters {
      ConvolutionParameters(
        weight: noise([outputs, channels, depth, size, size], seed: 1).converted(to: .bfloat16),
        bias: noise([outputs], seed: 2).converted(to: type), stride: stride, padding: padding, border: border)
    }
  }

  private static let kernels = [
    Kernel(), Kernel(frames: 1, channels: 3, outputs: 16), Kernel(channels: 16, outputs: 3, depth: 1),
    Kernel(height: 1, width: 1, channels: 5, outputs: 7),
    Kernel(frames: 2, height: 9, width: 17, channels: 40, outputs: 130, depth: 2),
    Kernel(height: 8, width: 10, depth: 1, stride: 2, padding: SpatialPadding(top: 0, bottom: 1, left: 0, right: 1)),
    Kernel(height: 7, width: 9, channels: 72, outputs: 50, depth: 2, stride: 2),
    Kernel(channels: 24, outputs: 40, depth: 1, size: 1, padding: SpatialPadding(0)),
    Kernel(channels: 8, outputs: 12, depth: 3, size: 1, padding: SpatialPadding(0)),
    Kernel(border: .nearest), Kernel(height: 1, width: 1, channels: 5, outputs: 7, border: .nearest),
    Kernel(frames: 2, height: 9, width: 17, channels: 40, outputs: 130, depth: 2, border: .nearest),
    Kernel(
      height: 8, width: 10, depth: 1, stride: 2, padding: SpatialPadding(top: 2, bottom: 1, left: 3, right: 1),
      border: .nearest),
    // Channels and outputs that a GPU's library takes, with every way to hand over what lies around a frame.
    Kernel(frames: 4, height: 12, width: 20, channels: 64, outputs: 32),
    Kernel(frames: 2, height: 9, width: 11, channels: 16, outputs: 24, depth: 2, border: .nearest),
    Kernel(frames: 5, height: 1, width: 3, channels: 32, border: .nearest),
    Kernel(height: 11, width: 7, channels: 24, outputs: 16, depth: 1),
    Kernel(height: 11, width: 8, channels: 16, outputs: 16, depth: 1, stride: 2),
    Kernel(height: 10, width: 8, channels: 16, outputs: 8, depth: 2, stride: 2, padding: SpatialPadding(0)),
  ]

  /// Convolutions, norms and repetitions of frames.
  static var frameChecks: [DeviceCheck] {
    let convolutions = kernels.map { kernel in
      let size = "\(kernel.depth)×\(kernel.size)×\(kernel.size), stride \(kernel.stride), \(kernel.border) outside"
      let shape = "\(kernel.frames)×\(kernel.height)×\(kernel.width)×\(kernel.channels)"
      return DeviceCheck("convolve", "\(shape) to \(kernel.outputs), \(size)") { bench in
        let parameters = kernel.parameters(bench.device.activationType)
        let layer = try bench.device.makeConvolution(parameters)
        let plain = bench.reference.makeConvolution(parameters)
        let inner = [kernel.height, kernel.width, kernel.channels]
        let (frames, exact) = try bench.operand(noise(Shape([kernel.frames] + inner), seed: 3))
        let (before, exactBefore) = try bench.operand(noise(Shape([kernel.depth - 1] + inner), seed: 4))
        let terms = Float(kernel.channels * kernel.depth * kernel.size * kernel.size)
        var worst = Outcome(worst: 0, details: "")
        for (own, other) in [(nil, nil), (before, exactBefore)] as [(Tensor?, Tensor?)] {
          worst = .worse(
            worst,
            try bench.compare(
              bench.device.convolve(frames, previous: own, layer),
              bench.reference.convolve(exact, previous: other, plain), relative: bench.unit,
              absolute: 8 * terms * 0x1p-24 + (bench.isCoarse ? 2e-3 : 0)))
        }
        return worst
      }
    }
    // Channels that fill no 16 bytes, that divide no block of 256 threads, and more than a block takes at once.
    let norms = [
      (3, 5, 6, 8, 4), (1, 1, 1, 6, 2), (2, 40, 33, 16, 16), (2, 5, 3, 512, 32), (2, 3, 37, 24, 3), (1, 4, 5, 300, 5),
      (2, 2, 19, 2104, 8),
    ].map { size in
      DeviceCheck("normalizeGroups", "[\(size.0), \(size.1), \(size.2), \(size.3)], \(size.4) groups") { bench in
        let shape: Shape = [size.0, size.1, size.2, size.3]
        let (frames, exact) = try bench.operand(noise(shape, seed: 1, scale: 2, offset: 3))
        let (weight, bias) = (noise([size.3], seed: 2), noise([size.3], seed: 3))
        let coarse: Shape = [2, (size.1 + 1) / 2, (size.2 + 2) / 3, size.3]
        let (scale, exactScale) = try bench.operand(noise(coarse, seed: 4))
        let (shift, exactShift) = try bench.operand(noise(coarse, seed: 5))
        let map = (0..<size.0).map { $0 % 2 }
        let own = GroupNormalization(
          groups: size.4, epsilon: 1e-5, weight: try bench.parameter(weight), bias: try bench.parameter(bias))
        let plain = GroupNormalization(groups: size.4, epsilon: 1e-5, weight: weight, bias: bias)
        var worst = Outcome(worst: 0, details: "")
        for isModulated in [false, true] {
          for activation in [Activation.identity, .silu] {
            worst = .worse(
              worst,
              try bench.compare(
                bench.device.normalizeGroups(
                  frames, own,
                  modulation: isModulated ? NearestModulation(scale: scale, shift: shift, frameMap: map) : nil,
                  activation: activation),
                bench.reference.normalizeGroups(
                  exact, plain,
                  modulation: isModulated
                    ? NearestModulation(scale: exactScale, shift: exactShift, frameMap: map) : nil,
                  activation: activation), relative: bench.unit + 2e-6, absolute: 4e-5))
          }
        }
        return worst
      }
    }
    let repetitions = [1, 2, 3, 8].map { channels in
      DeviceCheck("upsample", "[2, 3, 5, \(channels)]") { bench in
        let (frames, exact) = try bench.operand(noise([2, 3, 5, channels], seed: 1))
        return try bench.compare(
          bench.device.upsample(frames, frameMap: [0, 1, 1]), bench.reference.upsample(exact, frameMap: [0, 1, 1]),
          relative: 0, absolute: 1e-30)
      }
    }
    return convolutions + norms + repetitions
  }
}
