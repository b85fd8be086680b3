import Checkpoint
import Foundation
import Synchronization
import Tensor
import TestSupport
import Testing

@testable import SparseVideoGen

struct VideoGeneratorTests {
  @Test func `the same request makes the same video twice, and the density is that of the plan`() async throws {
    let generator = try await tinyGenerator()
    let request = tinyRequest()
    let (first, second) = (try await generator.generate(request), try await generator.generate(request))
    #expect(first.frames.shape == [1, 32, 48, 3])
    #expect(first.frames.floats() == second.frames.floats())
    #expect(first.latents.floats() == second.latents.floats())
    #expect(try generator.plan(request).attention.densityRange.contains(first.attention.density))
    #expect(first.record == second.record)
    #expect(first.times.denoising > 0)
  }

  @Test func `events come in the order of the work`() async throws {
    try await withTemporaryFolder { folder in
      var request = tinyRequest()
      request.latentsPath = folder + "/z.safetensors"
      var names: [String] = []
      for try await event in try await tinyGenerator().events(for: request) {
        switch event {
        case .planned: names.append("planned")
        case .loading(let component): names.append(component.rawValue)
        case .encoded: names.append("encoded")
        case .step(let step): names.append("step \(step.step)")
        case .savedLatents(let latents):
          // The latents are there before the decoder is even loaded.
          #expect(FileManager.default.fileExists(atPath: latents.path))
          #expect(FileManager.default.fileExists(atPath: latents.manifestPath))
          #expect(latents.isComplete)
          names.append("saved")
        case .decoding: if names.last != "decoding" { names.append("decoding") }
        case .finished: names.append("finished")
        }
      }
      #expect(
        names == [
          "planned", "text_encoder", "encoded", "transformer", "step 1", "step 2", "saved", "vae", "decoding",
          "finished",
        ])
    }
  }

  @Test func `saved latents decode to the same frames`() async throws {
    try await withTemporaryFolder { folder in
      let generator = try await tinyGenerator()
      var request = tinyRequest(seed: 5)
      request.latentsPath = folder + "/z.safetensors"
      let result = try await generator.generate(request)
      let manifest = try #require(try GenerationManifest.read(besides: folder + "/z.safetensors"))
      #expect(manifest.record == result.record)
      #expect(manifest.completedSteps == 2)
      var decoded: GenerationResult?
      for try await event in generator.decode(latentsAt: folder + "/z.safetensors") {
        if case .finished(let result) = event { decoded = result }
      }
      #expect(decoded?.frames.floats() == result.frames.floats())
      #expect(decoded?.record == result.record)
    }
  }

  @Test func `several requests share one loading and make what each makes alone`() async throws {
    let generator = try await tinyGenerator()
    let requests = [tinyRequest("a"), tinyRequest("b", seed: 2)]
    var loads = 0
    var results: [Int: GenerationResult] = [:]
    for try await item in generator.events(for: requests) {
      if case .loading = item.event { loads += 1 }
      if case .finished(let result) = item.event { results[item.index] = result }
    }
    #expect(loads == 3)
    for (index, request) in requests.enumerated() {
      let alone = try await generator.generate(request)
      #expect(results[index]?.frames.floats() == alone.frames.floats())
    }
  }

  @Test func `canceling the stream saves what is done and ends with an error`() async throws {
    try await withTemporaryFolder { folder in
      var request = longRequest()
      request.latentsPath = folder + "/z.safetensors"
      let events = try await tinyGenerator().events(for: request)
      var saved: SavedLatents?
      await #expect(throws: CancellationError.self) {
        for try await event in events {
          if case .step = event { events.cancel() }
          if case .savedLatents(let latents) = event { saved = latents }
        }
      }
      let latents = try #require(saved)
      #expect(!latents.isComplete)
      #expect(FileManager.default.fileExists(atPath: latents.path))
    }
  }

  @Test func `canceling the task cancels the generation`() async throws {
    let generator = try await tinyGenerator()
    let task = Task { try await generator.generate(longRequest()) }
    try await Task.sleep(for: .milliseconds(200))
    task.cancel()
    await #expect(throws: CancellationError.self) { _ = try await task.value }
    // The generator is free again.
    _ = try await generator.generate(tinyRequest(steps: 1))
  }

  @Test func `tasks of the caller run while videos are made`() async throws {
    // As many generations as there are threads for tasks, and some more: all of those would be busy if generations ran
    // on them, and none would be left for the task that lets them end.
    let count = ProcessInfo.processInfo.activeProcessorCount + 2
    let (arrivals, arrive) = AsyncStream.makeStream(of: Void.self)
    let gate = DispatchSemaphore(value: 0)
    let generators = try await (0..<count).asyncMap { _ in try await tinyGenerator() }
    let passed = try await withThrowingTaskGroup(of: Bool.self) { group in
      for generator in generators {
        group.addTask {
          let isOpen = Mutex(false)
          try await generator.worker.generate([tinyRequest(steps: 1)], send: { _, _ in }) { _, _ in
            arrive.yield()
            let result = gate.wait(timeout: .now() + .seconds(120))
            isOpen.withLock { $0 = result == .success }
          }
          return isOpen.withLock { $0 }
        }
      }
      group.addTask {
        var arrived = arrivals.makeAsyncIterator()
        for _ in 0..<count { await arrived.next() }
        for _ in 0..<count { gate.signal() }
        return true
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(passed == [Bool](repeating: true, count: count + 1))
  }

  @Test func `latents of another model are refused`() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/z.safetensors"
      let bytes = [Float](repeating: 0, count: 3 * 7 * 4 * 4)
      try writeLatents(bytes, shape: [1, 3, 7, 4, 4], to: path)
      let events = try await tinyGenerator().decode(latentsAt: path)
      let error = await #expect(throws: ModelError.self) {
        for try await _ in events {}
      }
      #expect(error?.code == .wrongLatents)
    }
  }

  @Test func `latents of whole numbers are refused`() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/z.safetensors"
      try SafetensorsWriter.write(
        ["latents": Tensor([Int32](repeating: 1, count: 64), shape: [1, 1, 4, 4, 4])], to: URL(filePath: path))
      let events = try await tinyGenerator().decode(latentsAt: path)
      let error = await #expect(throws: GenerationError.self) {
        for try await _ in events {}
      }
      #expect(error?.code == .invalidLatents && error?.message.contains("int32") == true)
    }
  }

  @Test func `latents may begin at any byte of their file`() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/z.safetensors"
      let values = (0..<64).map { Float($0) / 64 }
      for padding in 0..<4 {
        try writeLatents(values, shape: [1, 1, 4, 4, 4], to: path)
        try editHeader(of: URL(filePath: path)) { header in
          header["__metadata__"] = ["padding": String(repeating: "x", count: padding)]
        }
        for try await event in try await tinyGenerator().decode(latentsAt: path) {
          guard case .finished(let result) = event else { continue }
          #expect(result.latents.floats() == values)
        }
      }
    }
  }

  @Test func `latents that are not finite are refused`() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/z.safetensors"
      try writeLatents([Float](repeating: .nan, count: 4 * 4 * 4), shape: [1, 1, 4, 4, 4], to: path)
      let events = try await tinyGenerator().decode(latentsAt: path)
      let error = await #expect(throws: GenerationError.self) {
        for try await _ in events {}
      }
      #expect(error?.code == .invalidLatents)
    }
  }
}

extension Sequence {
  fileprivate func asyncMap<Result>(_ transform: (Element) async throws -> Result) async rethrows -> [Result] {
    var results: [Result] = []
    for element in self { results.append(try await transform(element)) }
    return results
  }
}
