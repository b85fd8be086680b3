import Foundation
import Testing

struct BenchmarkTests {
  @Test func `a benchmark writes one JSON object a line`() async throws {
    let outcome = try await Command.run([
      "benchmark", "attention", "--heads", "2", "--tokens", "512", "--head-dimension", "32", "--density", "0.5",
      "--density", "1", "--rounds", "2", "--json",
    ])
    #expect(outcome.code == 0)
    #expect(outcome.error == "")
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == 2)
    for line in lines {
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect(object["median_milliseconds"] is Double && object["useful_gflops"] is Double)
      #expect(object["tokens"] as? Int == 512)
    }
  }

  @Test func `the benchmark of a model says where the time went`() async throws {
    let outcome = try await Command.run([
      "benchmark", "model", "--model", Command.model, "--frames", "1", "--steps", "2", "--attention", "svg", "--json",
    ])
    #expect(outcome.code == 0)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    for name in ["denoising_attention_seconds", "denoising_linear_seconds", "share_outside_attention_and_linear"] {
      #expect(try #require(object[name] as? Double) > 0, "\(name)")
    }
  }

  @Test func `the benchmark of a decoder reports its progress beside its result`() async throws {
    let outcome = try await Command.run([
      "benchmark", "decode", "--model", Command.model, "--frames", "9", "--tiling", "on", "--device", "cpu", "--json",
    ])
    #expect(outcome.code == 0)
    #expect(outcome.error.contains("decoding  0%  at most ") && outcome.error.contains("decoding  100%"))
    let object = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    for name in ["median_milliseconds", "peak_memory_megabytes", "planned_memory_megabytes"] {
      #expect(try #require(object[name] as? Double) > 0, "\(name)")
    }
  }

  @Test(arguments: [
    (["attention", "--tokens", "100"], "--tokens"), (["attention", "--head-dimension", "7"], "--head-dimension"),
    (["prepare", "--threads", "0"], "--threads"), (["conv", "--kernel", "2"], "--kernel"),
    (["model", "--rounds", "0"], "--rounds"), (["decode", "--width", "64000"], "--width"),
    (["encode"], "--model"),
  ])
  func `a shape that cannot be is a usage error`(arguments: [String], option: String) async throws {
    let outcome = try await Command.run(["benchmark"] + arguments)
    #expect(outcome.code == 64)
    #expect(outcome.error.contains(option))
    #expect(outcome.error.contains("See 'svgen benchmark \(arguments[0]) --help'"), "\(outcome.error)")
  }
}
