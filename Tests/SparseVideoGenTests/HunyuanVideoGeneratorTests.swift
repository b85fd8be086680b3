import Foundation
import SparseVideoGen
import TestSupport
import Testing

/// HunyuanVideo from a prompt to frames, through every network: a tiny transformer and decoder with tiny text encoders.
struct HunyuanVideoGeneratorTests {
  /// Calls `body` with a directory that has all networks.
  func withModel<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    try await withTemporaryFolder { folder in
      let model = URL(filePath: folder).appending(path: "model")
      try FileManager.default.copyItem(at: Fixtures.model("hunyuan-video"), to: model)
      for name in ["text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2"] {
        let target = model.appending(path: name)
        try? FileManager.default.removeItem(at: target)
        try FileManager.default.copyItem(
          at: Fixtures.model("hunyuanvideo-text-published").appending(path: name), to: target)
      }
      return try await body(model.path)
    }
  }

  func latents(_ request: GenerationRequest, model: String) async throws -> [Float] {
    let generator = try await VideoGenerator(model: .reference(model))
    for try await event in generator.events(for: request) {
      guard case .finished(let result) = event else { continue }
      #expect(result.frames.shape == [5, 32, 48, 3])
      #expect(result.record.family == "HunyuanVideo" && result.record.guidance == 6)
      #expect(result.record.trueGuidance == request.trueGuidance)
      return result.latents.floats()
    }
    Issue.record("the video was not finished")
    return []
  }

  @Test func `a prompt becomes a video, sparse and dense, and guidance on top changes it`() async throws {
    try await withModel { model in
      var request = GenerationRequest(
        prompt: "a red circle", negativePrompt: "a ship", width: 48, height: 32, frames: 5, steps: 2,
        attention: .sparse(SparseVideoGenSettings(denseSteps: .count(0), denseLayers: .count(0))))
      let sparse = try await latents(request, model: model)
      request.attention = .dense
      let dense = try await latents(request, model: model)
      // So short a video fits in one block, which is computed whole.
      #expect(sparse == dense)
      request.prompt = "a blue square"
      #expect(try await latents(request, model: model) != dense)
      request.prompt = "a red circle"
      request.trueGuidance = 3
      #expect(try await latents(request, model: model) != dense)
    }
  }
}
