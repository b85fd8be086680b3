import Compute
import Tensor

/// The sizes of a convolution, causal in time, that leaves the size of frames as it is.
public struct ConvolutionShape: Hashable, Sendable {
  /// `C`.
  public var channels: Int
  /// `O`.
  public var outputs: Int
  /// `T`: frames of the result.
  public var frames: Int
  /// `h`.
  public var height: Int
  /// `w`.
  public var width: Int
  /// The size of the kernel in time and in both directions of a frame: odd.
  public var kernel: Int
  /// How it differs from the model whose name it bears, if it does.
  public var scaling: String?

  /// Creates a shape.
  public init(channels: Int, outputs: Int, frames: Int, height: Int, width: Int, kernel: Int = 3) {
    self.channels = channels
    self.outputs = outputs
    self.frames = frames
    self.height = height
    self.width = width
    self.kernel = kernel
  }
}

/// Convolutions over frames.
public struct ConvolutionBenchmark: Sendable {
  /// The convolutions, measured alternately.
  public let shapes: [ConvolutionShape]

  /// Creates a benchmark.
  /// - Throws: ``BenchmarkError`` for sizes that are not positive, and for a kernel whose size is even.
  public init(_ shapes: [ConvolutionShape]) throws(BenchmarkError) {
    for shape in shapes {
      for (option, value) in [
        ("--channels", shape.channels), ("--outputs", shape.outputs), ("--frames", shape.frames),
        ("--height", shape.height), ("--width", shape.width), ("--kernel", shape.kernel),
      ] { try require(option, value) }
      guard !shape.kernel.isMultiple(of: 2) else {
        throw BenchmarkError("--kernel must be odd, not \(shape.kernel)")
      }
    }
    self.shapes = shapes
  }

  /// Measures the convolutions.
  public func run(on machine: BenchmarkMachine) throws -> [BenchmarkResult] {
    let device = machine.device
    // Random numbers in float32, activations and packed weights.
    try machine.expect(
      shapes.flatMap {
        [
          [$0.frames, $0.height, $0.width, $0.channels], [$0.frames, $0.height, $0.width, $0.outputs],
          [$0.outputs, $0.channels, $0.kernel, $0.kernel, $0.kernel],
        ]
      }, bytesPerElement: 12, options: "--frames, --height, --width, --channels, --outputs and --kernel")
    let (samples, peak) = try machine.measure(
      shapes.enumerated().map { index, shape in
        let seed = UInt64(index) + 1
        let kernel = shape.kernel
        let weight = try machine.activations([shape.outputs, shape.channels, kernel, kernel, kernel], seed: seed)
        let layer = try device.makeConvolution(
          ConvolutionParameters(
            weight: weight, bias: machine.activations([shape.outputs], seed: seed), padding: SpatialPadding(kernel / 2))
        )
        let input = try machine.activations(
          [shape.frames, shape.height, shape.width, shape.channels], seed: 100 + seed)
        return Contender(name: "conv") { _ = try device.convolve(input, previous: nil, layer) }
      })
    return shapes.indices.map { index in
      let shape = shapes[index]
      var result = machine.result(
        "conv", "conv\(shape.kernel)×\(shape.kernel)×\(shape.kernel)",
        [
          ("channels", shape.channels), ("outputs", shape.outputs), ("frames", shape.frames), ("height", shape.height),
          ("width", shape.width), ("kernel", shape.kernel),
        ], samples[index])
      result.scaling = shape.scaling
      let taps = Double(shape.kernel * shape.kernel * shape.kernel)
      result.usefulOperations =
        2 * Double(shape.channels) * Double(shape.outputs) * taps
        * Double(shape.frames) * Double(shape.height) * Double(shape.width)
      result.peakOperationsPerSecond = peak
      return result
    }
  }
}
