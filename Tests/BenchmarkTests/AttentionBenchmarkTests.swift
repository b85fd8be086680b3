import Attention
import Compute
import Foundation
import Tensor
import Testing

@testable import Benchmark

/// Small shapes: what is measured does not matter, what is reported does.
struct AttentionBenchmarkTests {
  private let shape = AttentionShape(heads: 2, headDimension: 32, frames: 4, tokensPerFrame: 100, textTokens: 9)

  private func machine(rounds: Int = 3) throws -> BenchmarkMachine {
    try BenchmarkMachine(threads: 2, elementType: .float32, rounds: rounds)
  }

  @Test func `densities are those of the block masks`() throws {
    let results = try AttentionBenchmark(shape, densities: [1, 0.6]).run(on: machine())
    #expect(results.map(\.variant) == ["dense", "band 0.6"])
    let bands = BandPair(.density(0.6), layout: shape.layout, blockSize: 64)
    let masks = PatternMasks(layout: shape.layout, bands: bands, blockSize: 64)
    #expect(results[0].density == 1)
    #expect(results[1].density == (masks.spatial.density + masks.temporal.density) / 2)
    #expect(results[1].halfWidth == bands.spatial.halfWidth)
    #expect(results[1].dense == results[0].samples)
  }

  @Test(arguments: [HeadPattern.spatial, .temporal])
  func `useful pairs are those that a band keeps, counted one by one`(pattern: HeadPattern) {
    let bands = BandPair(.density(0.6), layout: shape.layout, blockSize: 64)
    let tokens = 0..<shape.layout.videoTokens
    let inside = tokens.reduce(0) { sum, query in
      sum
        + tokens.count { key in
          pattern == .spatial
            ? bands.spatial.keeps(VideoIndex(query), VideoIndex(key))
            : bands.temporal.keeps(VideoIndex(query), VideoIndex(key))
        }
    }
    let all = shape.layout.attendedTokens * shape.layout.attendedTokens
    let video = tokens.count * tokens.count
    #expect(shape.keptPairs(bands, pattern) == Double(inside + all - video))
    #expect(shape.keptPairs(nil, pattern) == Double(all))
  }

  @Test func `a result is one line of JSON with times, rates, density and the shape`() throws {
    let results = try AttentionBenchmark(shape, densities: [0.6]).run(on: machine())
    let line = try #require(results.first).json()
    #expect(!line.contains("\n"))
    let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    for (name, value) in [("heads", 2), ("tokens", 400), ("text_tokens", 9), ("head_dimension", 32), ("rounds", 3)] {
      #expect(object[name] as? Int == value)
    }
    for name in ["median_milliseconds", "useful_gflops", "peak_gflops", "share_of_peak", "density", "kept_fraction"] {
      #expect(try #require(object[name] as? Double) > 0, "\(name)")
    }
    #expect(object["speedup_over_dense"] == nil, "nothing dense was measured")
  }

  @Test func `preparation counts the bytes that it reads and writes`() throws {
    let results = try PrepareBenchmark(shape).run(on: machine())
    #expect(results.map(\.variant) == ["mixed", "spatial", "temporal"])
    for result in results {
      #expect(result.bytes == Double(2 * 4 * 3 * 2 * 32 * 409))
      #expect(try #require(result.shareOfCopy) > 0)
    }
  }

  @Test func `profiling reports its share of dense attention`() throws {
    let result = try #require(ProfileBenchmark(shape, rows: 8, density: 0.6).run(on: machine()).first)
    #expect(result.figures.map(\.name) == ["share_of_dense_attention"])
    #expect(result.figures[0].value > 0)
  }

  @Test func `impossible shapes and values are refused with the name of the option`() {
    func message(_ body: () throws -> Void) -> String {
      do {
        try body()
        return "nothing was thrown"
      } catch { return "\(error)" }
    }
    var odd = shape
    odd.headDimension = 33
    #expect(message { _ = try AttentionBenchmark(odd, densities: [1]) }.contains("--head-dimension"))
    var none = shape
    none.heads = 0
    #expect(message { _ = try PrepareBenchmark(none) }.contains("--heads"))
    #expect(message { _ = try AttentionBenchmark(shape, densities: [1.5]) }.contains("--density"))
    #expect(message { _ = try ProfileBenchmark(shape, rows: 401, density: 0.3) }.contains("--profile-rows"))
    #expect(message { _ = try machine(rounds: 0) }.contains("--rounds"))
    let missing = InstructionSet.allCases.first { !$0.isAvailable }
    if let missing {
      #expect(message { _ = try BenchmarkMachine(instructionSet: missing, rounds: 1) }.contains("--isa"))
    }
  }

  @Test func `every available instruction set can be forced`() throws {
    for isa in InstructionSet.allCases where isa.isAvailable && isa != .scalar {
      let machine = try BenchmarkMachine(threads: 1, instructionSet: isa, rounds: 1)
      let result = try #require(AttentionBenchmark(shape, densities: [1]).run(on: machine).first)
      #expect(result.instructionSet == isa.rawValue)
      #expect(result.elementType == isa.productType.rawValue)
    }
  }
}
