import ArgumentParser
import Benchmark
import Compute

/// `svgen benchmark upload`.
struct UploadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "upload", abstract: "The way of weights to a GPU, beside a plain copy of pinned memory.")

  @Option(parsing: .unconditional, help: "Size of a temporary file, in millions of bytes.")
  var megabytes = 2000

  @Option(parsing: .unconditional, help: "Measured rounds.")
  var rounds = 7

  @Flag(help: "Write one JSON object a line.")
  var json = false

  func run() throws {
    let benchmark = try UploadBenchmark(megabytes: megabytes, rounds: rounds)
    try write([benchmark.run(on: CUDADevice())], json: json)
  }
}
