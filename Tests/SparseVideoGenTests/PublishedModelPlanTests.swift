import Foundation
import SparseVideoGen
import TestSupport
import Testing

/// Plans of the real models from their configurations alone, against the numbers of the paper
/// (<https://arxiv.org/abs/2502.01776>).
struct PublishedModelPlanTests {
  func generator(_ name: String) async throws -> VideoGenerator {
    let folder = Fixtures.root.appending(path: "Published/\(name)")
    return try await VideoGenerator(
      model: .reference(folder.path), options: GeneratorOptions(numbers: .bfloat16, threads: 2))
  }

  /// Linear layers and attention of all runs.
  func petaFLOP(_ work: WorkPlan) -> Double { (work.linear + work.denseAttention) / 1e15 }

  /// The same for a rounded number of tokens, as the paper counts, and cut off after two decimals, as it prints.
  func petaFLOP(_ plan: GenerationPlan, tokens: Int) -> Double {
    let share = Double(tokens) / Double(plan.layout.sequenceLength)
    return ((plan.work.linear * share + plan.work.denseAttention * share * share) / 1e13).rounded(.down) / 100
  }

  /// A quarter of the steps dense, sparse calls at 30 %.
  func isAsInThePaper(_ attention: AttentionPlan) -> Bool {
    attention.schedule.denseSteps == 12 && attention.schedule.denseLayers == 1
      && abs(attention.spatialDensity - 0.3) < 0.001 && abs(attention.temporalDensity - 0.3) < 0.001
  }

  /// Weights of the transformer in bfloat16, though they are not there.
  func parameters(_ plan: GenerationPlan) throws -> Double {
    Double(try #require(plan.memory.phases.first { $0.name == "denoising" }).weights) / 2
  }

  @Test func `HunyuanVideo at 720p with 129 frames has 118 800 and 256 tokens and the work of the paper`() async throws
  {
    let plan = try await generator("hunyuan-video").plan(GenerationRequest(prompt: "a cat"))
    #expect(plan.size == VideoSize(width: 1280, height: 720, frames: 129))
    #expect((plan.layout.videoTokens, plan.layout.textTokens) == (118_800, 256))
    #expect((plan.layout.frames, plan.layout.tokensPerFrame) == (33, 3600))
    #expect(plan.layout.textPlacement == .last)
    #expect((plan.steps, plan.guidance, plan.samples) == (50, 6, 1))
    #expect(plan.framesPerSecond == 24)
    #expect(isAsInThePaper(plan.attention))
    // 4·119 056²·3072 + 24·119 056·3072² in each of 60 layers and 50 steps.
    #expect(abs(petaFLOP(plan.work) - 603.418) < 0.001, "\(plan.work)")
    #expect(petaFLOP(plan, tokens: 120_000) == 612.37)
    #expect(abs(try parameters(plan) - 12.8e9) < 0.1e9)
    #expect(plan.missingWeights == ["text_encoder", "text_encoder_2", "transformer", "vae"])
    #expect(plan.description.contains("without weights"))
    let decoding = try #require(plan.memory.phases.first { $0.name == "decoding" })
    #expect(plan.decodesInTiles && decoding.total < 8_000_000_000)
  }

  @Test func `CogVideoX 1.5 at 768 by 1360 with 81 frames has 44 880 and 226 tokens and the work of the paper`()
    async throws
  {
    let plan = try await generator("cogvideox-1.5").plan(GenerationRequest(prompt: "a cat"))
    #expect(plan.size == VideoSize(width: 1360, height: 768, frames: 81))
    #expect((plan.layout.videoTokens, plan.layout.textTokens) == (44_880, 226))
    #expect((plan.layout.frames, plan.layout.tokensPerFrame) == (11, 4080))
    #expect(isAsInThePaper(plan.attention))
    #expect(abs(petaFLOP(plan.work) / 147.87 - 1) < 0.0003, "\(plan.work)")
    #expect(petaFLOP(plan, tokens: 45_100) == 147.87)
    #expect(abs(try parameters(plan) - 5.57e9) < 0.05e9)
    #expect(plan.missingWeights == ["text_encoder", "transformer", "vae"])
  }

  @Test func `the image of CogVideoX 1.5 is encoded in what was measured`() async throws {
    let folder = Fixtures.root.appending(path: "Published/cogvideox-1.5-i2v")
    let picture = Fixtures.root.appending(path: "Pictures/color.png").path
    func image(_ tiles: DecodingTiles) async throws -> Double {
      let generator = try await VideoGenerator(
        model: .reference(folder.path), options: GeneratorOptions(device: .cpu, numbers: .bfloat16, threads: 2))
      let plan = try generator.plan(GenerationRequest(prompt: "a cat", imagePath: picture, tiles: tiles))
      #expect((plan.layout.videoTokens, plan.layout.textTokens) == (44_880, 226))
      return Double(try #require(plan.memory.phases.first { $0.name == "image" }).total) / 1e6
    }
    // Megabytes, measured with AMX: see Docs/Performance.md.
    #expect(abs(try await image(.off) / 1360 - 1) < 0.1)
    #expect(abs(try await image(.on) / 639 - 1) < 0.1)
  }

  @Test func `the widths of the paper give about the density of the paper`() async throws {
    let settings = SparseVideoGenSettings(bandWidth: .explicit(spatialFrames: 10, temporalTokens: 1200))
    let attention = try await generator("hunyuan-video").plan(
      GenerationRequest(prompt: "a cat", attention: .sparse(settings))
    ).attention
    // Half of 10 frames of 3600 tokens and half of 1200 tokens in 33 frames, in whole blocks.
    #expect(abs((attention.spatialHalfWidth ?? 0) - 18_000) <= 64)
    #expect(abs((attention.temporalHalfWidth ?? 0) - 19_800) <= 64)
    #expect((0.28...0.32).contains(attention.spatialDensity) && (0.28...0.32).contains(attention.temporalDensity))
  }

  @Test func `making a video needs weights`() async throws {
    let generator = try await generator("hunyuan-video")
    let error = await #expect(throws: GenerationError.self) {
      let request = GenerationRequest(prompt: "a cat", width: 64, height: 64, frames: 5, steps: 2)
      for try await _ in generator.events(for: request) {}
    }
    #expect(error?.code == .unusableModel)
    #expect(error?.message.contains("safetensors") == true)
  }

  @Test func `true guidance doubles the runs of a model that is told its guidance`() async throws {
    let plan = try await generator("hunyuan-video").plan(
      GenerationRequest(prompt: "a cat", width: 64, height: 64, frames: 5, trueGuidance: 2))
    #expect((plan.samples, plan.guidance, plan.trueGuidance) == (2, 6, 2))
    #expect(plan.description.contains("embedded guidance 6.0, true guidance 2.0, 2 transformer runs"))
  }

  @Test func `guidance of a kind that the model does not have is refused`() async throws {
    let trueGuidance = await #expect(throws: GenerationError.self) {
      try await tinyGenerator().plan(GenerationRequest(prompt: "a cat", trueGuidance: 2))
    }
    #expect(trueGuidance?.field == .trueGuidance)
    let dynamic = await #expect(throws: GenerationError.self) {
      try await tinyGenerator("hunyuan-video").plan(GenerationRequest(prompt: "a cat", usesDynamicGuidance: true))
    }
    #expect(dynamic?.field == .dynamicGuidance)
  }
}
