import Checkpoint
import Compute
import Foundation
import Synchronization
import Tensor
import TestSupport
import Testing

@testable import Models

@Suite struct LayerLoaderTests {
  @Test(arguments: ["text_encoder", "transformer", "vae"])
  func `loading stops when its task is canceled`(component: String) async throws {
    let task = Task {
      unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
      let model = try VideoModelRegistry.model(in: ModelDirectory(Fixtures.model("cogvideox-5b")))
      let device = ReferenceDevice()
      switch component {
      case "text_encoder": _ = try model.loadTextEncoder(on: device)
      case "transformer": _ = try model.loadDenoiser(on: device)
      default: _ = try model.loadDecoder(on: device)
      }
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

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
      #expect(try Self.residentBytes(of: file) < 2 << 20)
      withExtendedLifetime((weights, layers, convolution)) {}
    }

    @Test func `while a layer is made, only what is being packed of its file is in memory`() throws {
      let file = FileManager.default.temporaryDirectory.appending(path: "svgen-\(UUID().uuidString).safetensors")
      defer { try? FileManager.default.removeItem(at: file) }
      // 256 MB of zeros that take no room on the disk.
      let (outputs, inputs) = (8192, 8192)
      let header =
        #"{"weight":{"dtype":"F32","shape":[\#(outputs),\#(inputs)],"data_offsets":[0,\#(4 * outputs * inputs)]}}"#
      let length = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> ($0 * 8)) }
      try (Data(length) + Data(header.utf8)).write(to: file)
      let handle = try FileHandle(forUpdating: file)
      try handle.truncate(atOffset: UInt64(8 + header.utf8.count + 4 * outputs * inputs))
      let weights = LayerLoader(device: CPUDevice(threads: 1), scope: try Checkpoint(file: file).scope)
      let peak = Mutex(0)
      let isMade = Atomic(false)
      let watcher = Thread {
        while !isMade.load(ordering: .relaxed) {
          let bytes = (try? Self.residentBytes(of: file)) ?? 0
          peak.withLock { $0 = max($0, bytes) }
        }
      }
      watcher.start()
      let half = try weights.linear(columns: 0..<inputs / 2, of: inputs, to: outputs, bias: false)
      let whole = try weights.linear(from: inputs, to: outputs, bias: false)
      isMade.store(true, ordering: .relaxed)
      // A panel has 256 of the 8192 rows, 8 MB; the next one is read ahead.
      let most = peak.withLock { $0 }
      #expect(most > 0 && most < 32 << 20, "\(most)")
      withExtendedLifetime((weights, half, whole)) {}
    }

    /// How much of a mapped file is in this process's memory.
    private static func residentBytes(of file: URL) throws -> Int {
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
