import Checkpoint
import Compute
import Foundation
import Tensor
import Testing

@testable import Models

@Suite struct LayerLoaderTests {
  #if os(Linux)
    @Test func `no weight stays in memory twice once its layer is made`() throws {
      let file = FileManager.default.temporaryDirectory.appending(path: "svgen-\(UUID().uuidString).safetensors")
      defer { try? FileManager.default.removeItem(at: file) }
      let values = [Float](repeating: 0.5, count: 4 << 20)
      try SafetensorsWriter.write(
        [
          "linear.weight": Tensor(values, shape: [2048, 2048]),
          "stacked.a.weight": Tensor(values, shape: [2048, 2048]),
          "columns.weight": Tensor(values, shape: [2048, 2048]),
          "convolution.weight": Tensor(Array(values[..<(9 << 17)]), shape: [128, 1024, 1, 3, 3]),
          "convolution.bias": Tensor(Array(values[..<128]), shape: [128]),
        ], to: file)
      let weights = LayerLoader(device: CPUDevice(threads: 1), scope: try Checkpoint(file: file).scope)
      var layers: [any LinearLayer] = []
      layers.append(try weights["linear"].linear(from: 2048, to: 2048, bias: false))
      layers.append(try weights["stacked"].linear(stacking: ["a"], from: 2048, to: 2048, bias: false))
      layers.append(try weights["columns"].linear(columns: 0..<512, of: 2048, to: 2048, bias: false))
      let convolution = try weights["convolution"].convolution(from: 1024, to: 128, size: 3, frames: 1)
      // The file has 55 MB. What is left are pages that were read ahead.
      #expect(try residentBytes(of: file) < 2 << 20)
      withExtendedLifetime((weights, layers, convolution)) {}
    }

    /// How much of a mapped file is in this process's memory.
    private func residentBytes(of file: URL) throws -> Int {
      // The system writes this file in parts, and says that it is empty.
      let maps = try #require(FileHandle(forReadingAtPath: "/proc/self/smaps"))
      let text = String(decoding: try maps.readToEnd() ?? Data(), as: UTF8.self)
      let lines = text.split(separator: "\n")
      let start = try #require(lines.firstIndex { $0.hasSuffix(file.lastPathComponent) })
      let line = try #require(lines[start...].first { $0.hasPrefix("Rss:") })
      return try #require(Int(line.split(separator: " ")[1])) * 1024
    }
  #endif
}
