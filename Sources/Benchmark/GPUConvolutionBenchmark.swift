import Compute
import Tensor

/// Convolutions on a GPU, by our kernel and through cuDNN, by turns.
public struct GPUConvolutionBenchmark: Sendable {
  /// The convolutions.
  public let shapes: [ConvolutionShape]
  /// How often each is measured.
  public let rounds: Int

  /// Creates a benchmark.
  /// - Throws: ``BenchmarkError`` for sizes and rounds that are not positive, and for a kernel whose size is even.
  public init(_ shapes: [ConvolutionShape], rounds: Int) throws(BenchmarkError) {
    try require("--rounds", rounds)
    self.shapes = try ConvolutionBenchmark(shapes).shapes
    self.rounds = rounds
  }

  /// A device and what a convolution needs there.
  private struct Contestant {
    let name: String
    let device: CUDADevice
    let layer: any ConvolutionLayer
    let input: Tensor
    let previous: Tensor?
    /// Seconds until the first result was there.
    let preparation: Double

    /// - Throws: ``ComputeError`` when the GPU has no room.
    init(_ name: String, _ device: CUDADevice, _ shape: ConvolutionShape) throws {
      self.name = name
      self.device = device
      let weights = Tensor.noise([shape.outputs, shape.channels, shape.depth, shape.kernel, shape.kernel], seed: 1)
      let layer = try device.makeConvolution(
        ConvolutionParameters(
          weight: weights, bias: Tensor.noise([shape.outputs], seed: 2), padding: SpatialPadding(shape.kernel / 2),
          border: shape.border))
      self.layer = layer
      // One frame again and again: numbers that differ within a frame load the GPU as much as any.
      let frame = try device.upload(
        Tensor.noise([1, shape.height, shape.width, shape.channels], seed: 3), as: device.activationType)
      let input = try device.concatenate([Tensor](repeating: frame, count: shape.frames))
      let previous =
        shape.hasPrevious && shape.depth > 1
        ? try device.concatenate([Tensor](repeating: frame, count: shape.depth - 1)) : nil
      (self.input, self.previous) = (input, previous)
      _ = device.times
      preparation = try elapsed {
        _ = try device.convolve(input, previous: previous, layer)
        _ = device.times
      }
    }

    /// The seconds that the GPU takes for one convolution: the mean of some that follow each other.
    func time() throws -> Double {
      let count = 3
      device.resetTimes()
      for _ in 0..<count { _ = try device.convolve(input, previous: previous, layer) }
      return device.times[.convolution] / Double(count)
    }
  }

  /// Measures the convolutions.
  /// - Parameters:
  ///   - index: The GPU's number.
  ///   - report: Called with each result as soon as it is there.
  /// - Throws: What the device throws.
  public func run(gpu index: Int, report: (BenchmarkResult) throws -> Void) throws {
    try run(
      own: CUDADevice(index: index, convolutions: .own), library: CUDADevice(index: index, convolutions: .library),
      report: report)
  }

  /// Measures the convolutions on two devices, of which the second may have cuDNN.
  func run(own: CUDADevice, library: CUDADevice, report: (BenchmarkResult) throws -> Void) throws {
    for shape in shapes {
      var contestants = [try Contestant("our kernel", own, shape)]
      if try library.convolvesByLibrary(
        [shape.frames, shape.height, shape.width, shape.channels], contestants[0].layer)
      {
        contestants.append(try Contestant("cuDNN", library, shape))
      }
      var samples = contestants.map { _ in Samples() }
      for _ in 0..<rounds {
        for (place, contestant) in contestants.enumerated() { samples[place].append(try contestant.time()) }
      }
      for (contestant, samples) in zip(contestants, samples) { try report(result(contestant, shape, samples)) }
    }
  }

  private func result(_ contestant: Contestant, _ shape: ConvolutionShape, _ samples: Samples) -> BenchmarkResult {
    var result = BenchmarkResult(
      benchmark: "conv", variant: contestant.name, shape: shape.extents, samples: samples)
    result.instructionSet = contestant.device.properties.name
    result.elementType = contestant.device.activationType.rawValue
    result.usefulOperations = shape.operations
    result.figures.append(("preparation_milliseconds", contestant.preparation * 1e3))
    return result
  }
}

extension Tensor {
  /// Uniform numbers in ±√3, which have variance 1, in the processor's memory.
  static func noise(_ shape: Shape, seed: UInt64) -> Tensor {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    let values = Tensor.host(shape, .float32)
    values.withMutableSpan(of: Float.self) { span in
      for index in span.indices {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        span[index] = Float(Int64(bitPattern: state) >> 40) * 0x1p-23 * Float(3).squareRoot()
      }
    }
    return values
  }
}
