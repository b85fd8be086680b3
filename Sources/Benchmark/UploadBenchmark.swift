import Checkpoint
import Compute
import Files
import Foundation
import Tensor

/// The way of weights from a file to a GPU, beside a plain copy of pinned memory.
///
/// Each round maps the file anew, as loading a model does; its pages are in the system's cache. That the mapping is given
/// back at the end is not measured. The numbers stay as they are, bfloat16.
public struct UploadBenchmark: Sendable {
  /// Size of the file, and of the copy.
  public let byteCount: Int
  /// Measured rounds.
  public let rounds: Int

  /// Creates a benchmark.
  /// - Throws: ``BenchmarkError`` for numbers that are not positive.
  public init(megabytes: Int, rounds: Int) throws(BenchmarkError) {
    try require("--megabytes", megabytes)
    try require("--rounds", rounds)
    guard megabytes <= 1 << 20 else { throw BenchmarkError("--megabytes must be at most 1048576, not \(megabytes)") }
    byteCount = megabytes * 1_000_000
    self.rounds = rounds
  }

  /// Writes a temporary file, and measures.
  /// - Throws: ``BenchmarkError`` when the file cannot be written, and what the device throws.
  public func run(on device: CUDADevice) throws -> BenchmarkResult {
    let file = FileManager.default.temporaryDirectory.appending(path: "svgen-upload-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    try write(file)
    let copy = try CUDAPinnedCopy(device, byteCount: byteCount)
    var maps: [MappedFile] = []
    let samples = try interleaved(
      rounds: rounds,
      [
        Contender(name: "upload") {
          let map = try MappedFile(file)
          maps.append(map)
          let tensor = Tensor(storage: map, shape: [byteCount / 2], elementType: .bfloat16)
          _ = try device.upload(tensor, as: .bfloat16)
          try device.synchronize()
        },
        Contender(name: "copy", run: copy.run),
      ])
    var result = BenchmarkResult(
      benchmark: "upload", variant: "mapped file", shape: [.init(name: "megabytes", value: byteCount / 1_000_000)],
      samples: samples[0])
    result.elementType = ElementType.bfloat16.rawValue
    result.bytes = Double(byteCount)
    result.copy = samples[1]
    return result
  }

  /// Fills a file with random numbers.
  private func write(_ url: URL) throws {
    do {
      var generator = SystemRandomNumberGenerator()
      let part = Data((0..<1 << 20).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
      guard FileManager.default.createFile(atPath: url.path, contents: nil) else {
        throw CocoaError(.fileWriteUnknown)
      }
      let handle = try FileHandle(forWritingTo: url)
      var left = byteCount
      while left > 0 {
        try handle.write(contentsOf: part.prefix(left))
        left -= min(left, part.count)
      }
      try handle.close()
    } catch {
      throw BenchmarkError("\(url.path): \(byteCount) bytes cannot be written there: \(error.localizedDescription)")
    }
  }
}
