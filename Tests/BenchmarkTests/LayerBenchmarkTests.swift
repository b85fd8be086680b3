import Compute
import Tensor
import TestSupport
import Testing

@testable import Benchmark

struct LayerBenchmarkTests {
  private func machine() throws -> BenchmarkMachine {
    try BenchmarkMachine(threads: 2, elementType: .float32, rounds: 2)
  }

  @Test func `a linear layer has two operations for each weight and row`() throws {
    let shape = LinearShape(rows: 70, inputs: 48, outputs: 300)
    let result = try #require(LinearBenchmark([shape]).run(on: machine()).first)
    #expect(result.usefulOperations == Double(2 * 70 * 48 * 300))
    #expect(result.samples.seconds.count == 2)
  }

  @Test func `a convolution has two operations for each tap, channel and place`() throws {
    let shape = ConvolutionShape(channels: 8, outputs: 16, frames: 2, height: 6, width: 10)
    let result = try #require(ConvolutionBenchmark([shape]).run(on: machine()).first)
    #expect(result.usefulOperations == Double(2 * 27 * 8 * 16 * 2 * 6 * 10))
  }

  @Test func `our kernel and cuDNN are measured by turns, where cuDNN is there`() throws {
    var shape = ConvolutionShape(channels: 8, outputs: 16, frames: 2, height: 6, width: 10, depth: 1)
    shape.hasPrevious = true
    let benchmark = try GPUConvolutionBenchmark([shape], rounds: 2)
    for (convolutions, names) in [
      (EmulatedConvolutions.withBias, ["our kernel", "cuDNN"]), (.missing, ["our kernel"]),
    ] {
      var results: [BenchmarkResult] = []
      try benchmark.run(
        own: .emulated(convolutions: .missing), library: .emulated(convolutions: convolutions)
      ) { results.append($0) }
      #expect(results.map(\.variant) == names)
      #expect(results.allSatisfy { $0.usefulOperations == Double(2 * 9 * 8 * 16 * 2 * 6 * 10) })
      #expect(results.allSatisfy { $0.samples.seconds.count == 2 && $0.samples.median > 0 })
    }
    #expect(throws: BenchmarkError.self) { try GPUConvolutionBenchmark([shape], rounds: 0) }
  }

  @Test func `even kernels and empty layers are refused with the name of the option`() {
    #expect(throws: BenchmarkError.self) {
      try ConvolutionBenchmark([
        ConvolutionShape(channels: 1, outputs: 1, frames: 1, height: 4, width: 4, kernel: 2)
      ])
    }
    #expect(throws: BenchmarkError.self) { try LinearBenchmark([LinearShape(rows: 0, inputs: 1, outputs: 1)]) }
  }

  @Test(arguments: [1 << 20, 1 << 40, Int.max])
  func `sizes that no memory holds are refused before anything is allocated`(size: Int) throws {
    let machine = try machine()
    #expect(throws: BenchmarkError.self) {
      try LinearBenchmark([LinearShape(rows: size, inputs: size, outputs: size)]).run(on: machine)
    }
    #expect(throws: BenchmarkError.self) {
      try ConvolutionBenchmark([
        ConvolutionShape(channels: size, outputs: 1, frames: 1, height: 4, width: size)
      ]).run(on: machine)
    }
    var shape = AttentionShape(heads: 1 << 10, headDimension: 256, frames: 1 << 12, tokensPerFrame: 1 << 11)
    #expect(throws: BenchmarkError.self) { try PrepareBenchmark(shape).run(on: machine) }
    shape.textTokens = size
    #expect(throws: BenchmarkError.self) { try AttentionBenchmark(shape, densities: [1]).run(on: machine) }
  }

  @Test(arguments: BenchmarkPreset.allCases)
  func `every preset has shapes that can run`(preset: BenchmarkPreset) throws {
    _ = try AttentionBenchmark(preset.attention, densities: [1, 0.3])
    _ = try LinearBenchmark(preset.linear)
    _ = try ConvolutionBenchmark(preset.convolutions)
    _ = try GPUConvolutionBenchmark(preset.tileConvolutions, rounds: 1)
    #expect((preset.attention.scaling == nil) == (preset == .bundled), "what is scaled says so")
  }

  @Test func `the median and the spread of samples`() {
    #expect(Samples([3, 1, 2]).median == 2)
    #expect(Samples([4, 1, 2, 3]).median == 2.5)
    #expect(Samples([1, 2, 3, 4, 5]).spread == 2 / 3.0)
    #expect(Samples().median == 0)
  }
}
