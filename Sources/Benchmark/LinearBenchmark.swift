import Compute
import Tensor

/// The sizes of a linear layer and of what it multiplies.
public struct LinearShape: Hashable, Sendable {
  /// Rows of the input.
  public var rows: Int
  /// `K`.
  public var inputs: Int
  /// `N`.
  public var outputs: Int
  /// What the layer is in a transformer block.
  public var name: String
  /// How it differs from the model whose name it bears, if it does.
  public var scaling: String?

  /// Creates a shape.
  public init(rows: Int, inputs: Int, outputs: Int, name: String = "linear") {
    self.rows = rows
    self.inputs = inputs
    self.outputs = outputs
    self.name = name
  }
}

/// `x Wᵀ + b` with packed weights.
public struct LinearBenchmark: Sendable {
  /// The layers, measured alternately.
  public let shapes: [LinearShape]

  /// Creates a benchmark.
  /// - Throws: ``BenchmarkError`` for sizes that are not positive.
  public init(_ shapes: [LinearShape]) throws(BenchmarkError) {
    for shape in shapes {
      try require("--rows", shape.rows)
      try require("--inputs", shape.inputs)
      try require("--outputs", shape.outputs)
    }
    self.shapes = shapes
  }

  /// Measures the layers.
  public func run(on machine: BenchmarkMachine) throws -> [BenchmarkResult] {
    let device = machine.device
    // Random numbers in float32, activations and packed weights.
    try machine.expect(
      shapes.flatMap { [[$0.rows, $0.inputs], [$0.outputs, $0.inputs], [$0.rows, $0.outputs]] }, bytesPerElement: 12,
      options: "--rows, --inputs and --outputs")
    let (samples, peak) = try machine.measure(
      shapes.enumerated().map { index, shape in
        let weights = try machine.activations([shape.outputs, shape.inputs], seed: UInt64(index) + 1)
        let biases = try machine.activations([shape.outputs], seed: UInt64(index) + 1)
        let layer = try device.makeLinear(LinearParameters(weights: [weights], biases: [biases]))
        let input = try machine.activations([shape.rows, shape.inputs], seed: 100 + UInt64(index))
        return Contender(name: shape.name) { _ = try device.linear(input, layer) }
      })
    return shapes.indices.map { index in
      let shape = shapes[index]
      var result = machine.result(
        "linear", shape.name, [("rows", shape.rows), ("inputs", shape.inputs), ("outputs", shape.outputs)],
        samples[index])
      result.scaling = shape.scaling
      result.usefulOperations = 2 * Double(shape.rows) * Double(shape.inputs) * Double(shape.outputs)
      result.peakOperationsPerSecond = peak
      return result
    }
  }
}
