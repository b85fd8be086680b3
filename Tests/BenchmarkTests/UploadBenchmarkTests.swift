import Benchmark
import Compute
import TestSupport
import Testing

/// The way of weights to a GPU.
@Suite struct UploadBenchmarkTests {
  @Test func `uploads are measured beside plain copies`() throws {
    let result = try UploadBenchmark(megabytes: 3, rounds: 2).run(on: .emulated())
    #expect(result.samples.seconds.count == 2 && result.copy?.seconds.count == 2)
    #expect(result.bytes == 3_000_000 && result.shareOfCopy ?? 0 > 0)
    #expect(try result.json().contains("\"share_of_copy\""))
  }

  @Test func `numbers that mean nothing are refused`() {
    for (megabytes, rounds) in [(0, 1), (-1, 1), (1 << 30, 1), (1, 0)] {
      #expect(throws: BenchmarkError.self) { try UploadBenchmark(megabytes: megabytes, rounds: rounds) }
    }
  }
}
