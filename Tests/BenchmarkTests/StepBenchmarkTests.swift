import Benchmark
import Foundation
import SparseVideoGen
import TestSupport
import Testing

/// Steps with random weights, of tiny models whose weights are not read.
@Suite struct StepBenchmarkTests {
  @Test(arguments: ["cogvideox-1.5", "cogvideox-1.5-i2v", "hunyuan-video"])
  func `a model is measured from its configurations`(name: String) throws {
    let benchmark = try StepBenchmark(.fixture(name), density: 0.5, rounds: 1)
    let results = try benchmark.run(GeneratorOptions(device: .cpu, numbers: .float32, threads: 2))
    #expect(results.map(\.variant) == ["dense", "svg"])
    #expect(results[0].density == 1 && results[1].density ?? 1 <= 1)
    #expect(results.allSatisfy { $0.samples.median > 0 })
    let figures = Dictionary(uniqueKeysWithValues: results[1].figures)
    #expect(figures["attention_seconds"] ?? 0 > 0 && figures["linear_seconds"] ?? 0 > 0)
    #expect(figures.keys.contains { $0.hasPrefix("seconds_of_") })
  }

  @Test func `numbers that the device does not attend in are refused before anything is loaded`() throws {
    let benchmark = try StepBenchmark(
      .fixture("hunyuan-video"), density: 0.5, numbers: [.activations, .float8], rounds: 1)
    let error = #expect(throws: BenchmarkError.self) {
      try benchmark.run(GeneratorOptions(device: .cpu, threads: 2))
    }
    #expect(error?.description.contains("--attention-dtype fp8") == true)
  }

  @Test func `numbers that mean nothing are refused`() throws {
    for (density, rounds) in [(0.0, 1), (1.5, 1), (.nan, 1), (0.3, 0)] {
      #expect(throws: BenchmarkError.self) {
        try StepBenchmark(.fixture("hunyuan-video"), density: density, rounds: rounds)
      }
    }
  }
}

extension RandomModel {
  /// A tiny model, and a tiny video.
  static func fixture(_ name: String) -> RandomModel {
    RandomModel(.reference(Fixtures.model(name).path), width: 64, height: 64, frames: 9)
  }
}
