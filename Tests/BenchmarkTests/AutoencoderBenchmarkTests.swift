import Benchmark
import Foundation
import SparseVideoGen
import TestSupport
import Testing

/// Decoders and encoders with random weights, of tiny models whose weights are not read.
@Suite struct AutoencoderBenchmarkTests {
  private let options = GeneratorOptions(device: .cpu, numbers: .float32, threads: 2)

  @Test(arguments: ["cogvideox-1.5", "hunyuan-video"], [DecodingTiles.on, .off])
  func `a decoder is measured beside the plan`(name: String, tiles: DecodingTiles) async throws {
    let benchmark = try AutoencoderBenchmark(.decoder, of: .fixture(name), tiles: tiles, rounds: 2)
    var fractions: [Double] = []
    let result = try benchmark.run(options) { fractions.append($0.fraction) }
    #expect(result.benchmark == "decode" && result.variant == (tiles == .on ? "in tiles" : "whole frames"))
    #expect(result.samples.seconds.count == 2 && result.samples.minimum > 0)
    #expect(fractions.first == 0 && fractions.last == 1 && fractions == fractions.sorted())
    let figures = Dictionary(uniqueKeysWithValues: result.figures)
    #expect(figures["convolution_seconds"] ?? 0 > 0)
    #expect(figures["peak_memory_megabytes"] ?? 0 > 0)
    // The plan of the same video, and nothing of the benchmark's own.
    let generator = try await VideoGenerator(model: .reference(Fixtures.model(name).path), options: options)
    let plan = try generator.plan(
      GenerationRequest(prompt: "-", width: 64, height: 64, frames: 9, tiles: tiles))
    let phase = try #require(plan.memory.phases.first { $0.name == "decoding" })
    #expect(figures["planned_memory_megabytes"] == Double(phase.total) / 1e6)
  }

  @Test func `the encoder of an image is measured beside the plan`() throws {
    let benchmark = try AutoencoderBenchmark(.imageEncoder, of: .fixture("cogvideox-1.5-i2v"), tiles: .off, rounds: 1)
    let result = try benchmark.run(options) { _ in }
    let figures = Dictionary(uniqueKeysWithValues: result.figures)
    #expect(result.benchmark == "encode")
    #expect(figures["convolution_seconds"] ?? 0 > 0 && figures["planned_memory_megabytes"] ?? 0 > 0)
  }

  @Test func `a model that takes no image has no encoder to measure`() throws {
    let benchmark = try AutoencoderBenchmark(.imageEncoder, of: .fixture("hunyuan-video"), tiles: .off, rounds: 1)
    #expect(throws: BenchmarkError.self) { try benchmark.run(options) { _ in } }
    #expect(throws: BenchmarkError.self) {
      try AutoencoderBenchmark(.decoder, of: .fixture("hunyuan-video"), tiles: .off, rounds: 0)
    }
  }
}
