import Attention
import Compute
import Tensor

/// QK-norm, rotary embedding, placement and packing in one pass, beside a `memcpy` of as many bytes.
public struct PrepareBenchmark: Sendable {
  /// The sizes.
  public let shape: AttentionShape

  /// Creates a benchmark.
  /// - Throws: ``BenchmarkError`` for sizes that no kernel takes.
  public init(_ shape: AttentionShape) throws(BenchmarkError) {
    try shape.check()
    self.shape = shape
  }

  /// Measures spatial heads, temporal heads, both kinds by turns, and the copy.
  public func run(on machine: BenchmarkMachine) throws -> [BenchmarkResult] {
    let device = machine.device
    let projection = try shape.projection(on: machine)
    let kinds: [(name: String, patterns: [HeadPattern])] = [
      ("mixed", shape.patterns), ("spatial", shape.patterns.map { _ in .spatial }),
      ("temporal", shape.patterns.map { _ in .temporal }),
    ]
    let elements = 3 * shape.heads * shape.headDimension * shape.layout.sequenceLength
    let packedType = InstructionSet(rawValue: device.instructionSetName)?.productType ?? .float32
    let bytes = elements * (device.activationType.byteCount + packedType.byteCount)
    let source = try machine.activations([bytes / 2 / device.activationType.byteCount], seed: 5)
    let target = try device.makeTensor(source.shape, source.elementType)
    let (samples, _) = try machine.measure(
      kinds.map { kind in
        Contender(name: kind.name) { _ = try device.prepareHeads(projection, patterns: kind.patterns) }
      } + [Contender(name: "memcpy") { device.copyBytes(of: source, to: target) }])
    return kinds.indices.map { index in
      var result = machine.result("prepare", kinds[index].name, shape.extents, samples[index])
      result.scaling = shape.scaling
      result.bytes = Double(bytes)
      result.copy = samples[kinds.count]
      return result
    }
  }
}
