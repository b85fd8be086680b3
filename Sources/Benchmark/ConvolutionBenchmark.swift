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
  /// The size of the kernel in both directions of a frame, and in time unless ``depth`` says otherwise: odd.
  public var kernel: Int
  /// The size of the kernel in time.
  public var depth: Int
  /// What lies around a frame.
  public var border = FrameBorder.zeros
  /// Whether there are frames before the first; else that is repeated.
  public var hasPrevious = false
  /// How it differs from the model whose name it bears, if it does.
  public var scaling: String?

  /// Creates a shape.
  public init(
    channels: Int, outputs: Int, frames: Int, height: Int, width: Int, kernel: Int = 3, depth: Int? = nil
  ) {
    self.channels = channels
    self.outputs = outputs
    self.frames = frames
    self.height = height
    self.width = width
    self.kernel = kernel
    self.depth = depth ?? kernel
  }

  /// Two for each tap, channel and place.
  var operations: Double {
    2 * Double(channels) * Double(outputs) * Double(depth * kernel * kernel)
      * Double(frames) * Double(height) * Double(width)
  }

  /// The numbers by their names.
  var extents: [BenchmarkResult.Extent] {
    [
      ("channels", channels), ("outputs", outputs), ("frames", frames), ("height", height), ("width", width),
      ("depth", depth), ("kernel", kernel),
    ].map { BenchmarkResult.Extent(name: $0.0, value: $0.1) }
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
        ("--height", shape.height), ("--width", shape.width), ("--kernel", shape.kernel), ("depth", shape.depth),
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
          [$0.outputs, $0.channels, $0.depth, $0.kernel, $0.kernel],
        ]
      }, bytesPerElement: 12, options: "--frames, --height, --width, --channels, --outputs and --kernel")
    let (samples, peak) = try machine.measure(
      shapes.enumerated().map { index, shape in
        let seed = UInt64(index) + 1
        let kernel = shape.kernel
        let weight = try machine.activations(
          [shape.outputs, shape.channels, shape.depth, kernel, kernel], seed: seed)
        let layer = try device.makeConvolution(
          ConvolutionParameters(
            weight: weight, bias: machine.activations([shape.outputs], seed: seed), padding: SpatialPadding(kernel / 2),
            border: shape.border)
        )
        let input = try machine.activations(
          [shape.frames, shape.height, shape.width, shape.channels], seed: 100 + seed)
        return Contender(name: "conv") { _ = try device.convolve(input, previous: nil, layer) }
      })
    return shapes.indices.map { index in
      let shape = shapes[index]
      var result = machine.result(
        "conv", "conv\(shape.depth)×\(shape.kernel)×\(shape.kernel)", shape.extents.map { ($0.name, $0.value) },
        samples[index])
      result.scaling = shape.scaling
      result.usefulOperations = shape.operations
      result.peakOperationsPerSecond = peak
      return result
    }
  }
}
