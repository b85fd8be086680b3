import Foundation
import SparseVideoGen
import TestSupport

/// A tiny random model that every test can afford.
func tinyGenerator(_ name: String = "cogvideox-5b") async throws -> VideoGenerator {
  try await VideoGenerator(model: .reference(Fixtures.model(name).path))
}

/// The cheapest video of the tiny model.
func tinyRequest(_ prompt: String = "a red circle", steps: Int = 2, seed: UInt64 = 0) -> GenerationRequest {
  GenerationRequest(prompt: prompt, frames: 1, steps: steps, seed: seed)
}

/// A video that takes minutes: whoever stops it comes in time, however busy the machine is.
func longRequest() -> GenerationRequest {
  GenerationRequest(prompt: "a red circle", width: 384, height: 384, frames: 49, steps: 900)
}

/// A folder that lasts as long as a test.
func withTemporaryFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "library-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder.path)
}
