import Compute
import Tensor
import Testing

/// The shape of a convolution in a test.
struct Kernel: Sendable, CustomTestStringConvertible {
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

  static let all = [
    Kernel(), Kernel(frames: 1, channels: 3, outputs: 16), Kernel(channels: 16, outputs: 3, depth: 1),
    Kernel(height: 1, width: 1, channels: 5, outputs: 7),
    Kernel(frames: 2, height: 70, width: 64, channels: 3, outputs: 4, depth: 2),
    Kernel(height: 8, width: 10, depth: 1, stride: 2, padding: SpatialPadding(top: 0, bottom: 1, left: 0, right: 1)),
    Kernel(
      frames: 1, height: 150, width: 96, channels: 2, outputs: 3, depth: 1, stride: 2,
      padding: SpatialPadding(top: 0, bottom: 1, left: 0, right: 1)),
    Kernel(height: 7, width: 9, channels: 16, outputs: 24, depth: 3, stride: 2),
    Kernel(channels: 24, outputs: 40, depth: 1, size: 1, padding: SpatialPadding(0)),
    Kernel(channels: 8, outputs: 12, depth: 3, size: 1, padding: SpatialPadding(0)),
    Kernel(border: .nearest), Kernel(height: 1, width: 1, channels: 5, outputs: 7, border: .nearest),
    Kernel(frames: 2, height: 70, width: 64, channels: 3, outputs: 4, depth: 2, border: .nearest),
    Kernel(
      height: 8, width: 10, depth: 1, stride: 2, padding: SpatialPadding(top: 2, bottom: 1, left: 3, right: 1),
      border: .nearest),
  ]

  var testDescription: String {
    "\(frames)×\(height)×\(width)×\(channels) → \(outputs), \(depth)×\(size)×\(size), stride \(stride), \(border)"
  }

  var parameters: ConvolutionParameters {
    ConvolutionParameters(
      weight: noise([outputs, channels, depth, size, size], seed: 1).converted(to: .bfloat16),
      bias: noise([outputs], seed: 2), stride: stride, padding: padding, border: border)
  }
}

@Suite struct CPUFramesTests {
  let reference = ReferenceDevice()

  @Test(arguments: Setup.all, Kernel.all)
  func `a convolution agrees with the reference, with and without frames before`(setup: Setup, kernel: Kernel) throws {
    let device = setup.device
    let layer = try device.makeConvolution(kernel.parameters)
    #expect(layer.shape == kernel.parameters.weight.shape && layer.byteCount > 0)
    let plain = reference.makeConvolution(kernel.parameters)
    let inner = [kernel.height, kernel.width, kernel.channels]
    let (frames, exact) = setup.operand(noise(Shape([kernel.frames] + inner), seed: 3))
    let (before, exactBefore) = setup.operand(noise(Shape([kernel.depth - 1] + inner), seed: 4))
    let terms = Float(kernel.channels * kernel.depth * kernel.size * kernel.size)
    for (own, other) in [(nil, nil), (before, exactBefore)] as [(Tensor?, Tensor?)] {
      let result = try device.convolve(frames, previous: own, layer)
      #expect(result.elementType == setup.type)
      let wanted = reference.convolve(exact, previous: other, plain)
      expectClose(result, wanted, relative: setup.unit, absolute: 4 * terms * 0x1p-24, kernel.testDescription)
    }
  }

  @Test func `a convolution is the sum over its taps`() throws {
    // Written out once more, because device and reference share their idea of padding and time.
    let kernel = Kernel(frames: 2, height: 4, width: 3, channels: 2, outputs: 2, depth: 2)
    let device = CPUDevice(threads: 2, activationType: .float32)
    let (frames, weight) = (noise([2, 4, 3, 2], seed: 3), kernel.parameters.weight.floats())
    let (input, bias) = (frames.floats(), kernel.parameters.bias?.floats() ?? [])
    let result = try device.convolve(frames, previous: nil, device.makeConvolution(kernel.parameters)).floats()
    for t in 0..<2 {
      for y in 0..<4 {
        for x in 0..<3 {
          for o in 0..<2 {
            var sum = bias[o]
            for c in 0..<2 {
              for dt in 0..<2 {
                for dy in 0..<3 {
                  for dx in 0..<3 {
                    let (ty, tx) = (y + dy - 1, x + dx - 1)
                    guard (0..<4).contains(ty), (0..<3).contains(tx) else { continue }
                    let time = max(0, t + dt - 1)
                    sum +=
                      weight[(((o * 2 + c) * 2 + dt) * 3 + dy) * 3 + dx] * input[((time * 4 + ty) * 3 + tx) * 2 + c]
                  }
                }
              }
            }
            #expect(abs(result[((t * 4 + y) * 3 + x) * 2 + o] - sum) < 1e-5)
          }
        }
      }
    }
  }

  @Test func `frames that were convolved in two parts are those of one run`() throws {
    let kernel = Kernel(frames: 5, channels: 16, outputs: 16)
    let device = CPUDevice(threads: 2, activationType: .float32)
    let layer = try device.makeConvolution(kernel.parameters)
    let frames = noise([5, 5, 6, 16], seed: 3)
    let whole = try device.convolve(frames, previous: nil, layer)
    let first = try device.convolve(frames.slice(0..<3), previous: nil, layer)
    let second = try device.convolve(frames.slice(3..<5), previous: frames.slice(1..<3), layer)
    #expect(first.floats() + second.floats() == whole.floats())
  }

  /// With tiles of matrices the blocks of weights that are fast differ with the width: they are packed anew, not twice.
  @Test(arguments: [ElementType.float32, .bfloat16])
  func `frames of every width are convolved alike`(numbers: ElementType) throws {
    let device = CPUDevice(threads: 2, activationType: numbers)
    let kernel = Kernel(frames: 1, channels: 128, outputs: 128, depth: 2)
    let layer = try device.makeConvolution(kernel.parameters)
    let byteCount = layer.byteCount
    let (height, width, channels) = (40, 720, 128)
    let values = noise([1, height, width, channels], seed: 3).floats()
    func convolved(_ columns: Range<Int>) throws -> [Float] {
      let cut = (0..<height).flatMap {
        values[($0 * width + columns.lowerBound) * channels..<($0 * width + columns.upperBound) * channels]
      }
      let frames = try device.upload(Tensor(cut, shape: [1, height, columns.count, channels]), as: numbers)
      return try device.download(device.convolve(frames, previous: nil, layer)).floats()
    }
    let whole = try convolved(0..<width)
    for columns in [100..<134, 300..<396, 500..<758 - 40] {
      let part = try convolved(columns)
      var (difference, norm) = (0.0, 0.0)
      // The outermost columns see zeros in place of their neighbors.
      for row in 0..<height {
        for column in 1..<columns.count - 1 {
          for channel in 0..<channels {
            let expected = Double(whole[(row * width + columns.lowerBound + column) * channels + channel])
            let found = Double(part[(row * columns.count + column) * channels + channel])
            (difference, norm) = (difference + (found - expected) * (found - expected), norm + expected * expected)
          }
        }
      }
      // The same products, summed in another order and rounded to the type of the result.
      #expect((difference / norm).squareRoot() < (numbers == .float32 ? 1e-5 : 4e-3), "\(columns)")
      #expect(layer.byteCount == byteCount)
      #expect(try convolved(0..<width) == whole, "after \(columns)")
    }
  }

  @Test(arguments: Setup.all, [(4, 1), (12, 3), (32, 8), (100, 4), (256, 32)])
  func `group norms agree with the reference`(setup: Setup, size: (channels: Int, groups: Int)) throws {
    let shape: Shape = [3, 6, 8, size.channels]
    // A mean that is large against the deviation: the sums must not cancel.
    let (frames, exact) = setup.operand(noise(shape, seed: 5, scale: 2, offset: 6))
    let norm = GroupNormalization(
      groups: size.groups, epsilon: 1e-6, weight: noise([size.channels], seed: 6), bias: noise([size.channels], seed: 7)
    )
    let (scale, exactScale) = setup.operand(noise([2, 3, 4, size.channels], seed: 8))
    let (shift, exactShift) = setup.operand(noise([2, 3, 4, size.channels], seed: 9))
    for activation in [Activation.identity, .silu] {
      for isModulated in [false, true] {
        let frameMap = [0, 1, 1]
        let result = try setup.device.normalizeGroups(
          frames, norm,
          modulation: isModulated ? NearestModulation(scale: scale, shift: shift, frameMap: frameMap) : nil,
          activation: activation)
        let wanted = reference.normalizeGroups(
          exact, norm,
          modulation: isModulated ? NearestModulation(scale: exactScale, shift: exactShift, frameMap: frameMap) : nil,
          activation: activation)
        // Six deviations of mean: x·factor and the offset are near 6 and cancel, a unit each.
        expectClose(result, wanted, relative: setup.unit + 1e-6, absolute: 4e-6)
      }
    }
  }

  @Test(arguments: [ElementType.float32, .bfloat16])
  func `group statistics do not depend on the number of threads`(type: ElementType) throws {
    let frames = noise([2, 70, 60, 32], seed: 10).converted(to: type)
    let norm = GroupNormalization(
      groups: 4, epsilon: 1e-6, weight: noise([32], seed: 11), bias: noise([32], seed: 12))
    let results = try [1, 2, 3].map { threads in
      try CPUDevice(threads: threads, activationType: type)
        .normalizeGroups(frames, norm, modulation: nil, activation: .silu).floats()
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test(arguments: Setup.all, [(1, 1, 1), (3, 5, 7)])
  func `up-sampling agrees with the reference`(setup: Setup, size: (height: Int, width: Int, channels: Int)) throws {
    let (frames, exact) = setup.operand(noise([2, size.height, size.width, size.channels], seed: 13))
    let result = try setup.device.upsample(frames, frameMap: [0, 0, 1])
    let wanted = reference.upsample(exact, frameMap: [0, 0, 1])
    #expect(result.shape == wanted.shape && result.floats() == wanted.floats())
  }
}
