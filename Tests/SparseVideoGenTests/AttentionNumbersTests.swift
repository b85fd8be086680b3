import Checkpoint
import Compute
import Diffusion
import Foundation
import Models
import TestSupport
import Testing

@testable import SparseVideoGen

/// Requests to attend in other numbers than those of activations: plans, refusals, records and comparisons.
@Suite struct AttentionNumbersTests {
  /// A planner for a published model on a GPU that is emulated.
  static func planner(_ name: String, on gpu: EmulatedGPU = .hopper) throws -> Planner {
    let device = try CUDADevice.emulated(gpu)
    let folder = Fixtures.root.appending(path: "Published/\(name)")
    return Planner(
      pipeline: try VideoPipeline(directory: ModelDirectory(folder), device: device),
      source: .reference(folder.path),
      chosen: ChosenDevice(device: device, name: "cuda:0", memory: 80_000_000_000, overheads: .gpu, threads: 1))
  }

  static let usual = GenerationRequest(prompt: "a cat", width: 320, height: 192, frames: 9)
  static var rounded: GenerationRequest {
    var request = usual
    request.attentionNumbers = .float8
    return request
  }

  @Test func `a plan says what is multiplied, and counts the rounded copies`() throws {
    let planner = try Self.planner("hunyuan-video")
    let plan = try planner.plan(Self.rounded)
    #expect(plan.attention.numbers == .float8 && plan.description.contains("fp8"))
    let usual = try planner.plan(Self.usual)
    #expect(!usual.description.contains("fp8"))
    func denoising(_ plan: GenerationPlan) throws -> Int {
      try #require(plan.memory.phases.first { $0.name == "denoising" }).activations
    }
    // A byte for each number of queries, keys and values of 24 heads, and what the pool keeps.
    let copies = 3 * plan.layout.sequenceLength * 24 * 128
    #expect(try abs(denoising(plan) - denoising(usual) - copies * 115 / 100) <= 1)
    #expect(
      plan.memory.phases.filter { $0.name != "denoising" } == usual.memory.phases.filter { $0.name != "denoising" })
  }

  @Test(arguments: [
    ("hunyuan-video", EmulatedGPU.ampere, "compute capability 9.0"), ("cogvideox-1.5", .hopper, "128 elements"),
    ("cogvideox-1.5", .ampere, "compute capability 9.0"),
  ])
  func `a GPU or a model that it is not for is refused`(model: String, gpu: EmulatedGPU, words: String) throws {
    let planner = try Self.planner(model, on: gpu)
    let error = #expect(throws: GenerationError.self) { try planner.plan(Self.rounded) }
    #expect(error?.code == .invalidRequest && error?.field == .attentionNumbers)
    #expect(error?.message.contains(words) == true && error?.message.contains("cuda:0") == true)
  }

  @Test func `a record says it only where it is not the usual, so that older records are read`() throws {
    let planner = try Self.planner("hunyuan-video")
    func record(_ request: GenerationRequest) throws -> GenerationRecord {
      planner.record(request, plan: try planner.plan(request))
    }
    let rounded = try JSONEncoder().encode(record(Self.rounded))
    #expect(String(decoding: rounded, as: UTF8.self).contains(#""attentionNumbers":"fp8""#))
    #expect(try JSONDecoder().decode(GenerationRecord.self, from: rounded).attentionNumbers == .float8)
    let usual = try JSONEncoder().encode(record(Self.usual))
    #expect(!String(decoding: usual, as: UTF8.self).contains("attentionNumbers"))
    #expect(try JSONDecoder().decode(GenerationRecord.self, from: usual).attentionNumbers == nil)
  }

  @Test func `runs share dense steps only with runs of the same numbers`() throws {
    let planner = try Self.planner("hunyuan-video")
    func request(_ attention: AttentionChoice, _ numbers: AttentionNumbers) -> GenerationRequest {
      GenerationRequest(
        prompt: "a cat", width: 320, height: 192, frames: 9, steps: 8, attention: attention, attentionNumbers: numbers)
    }
    let requests = [
      request(.dense, .activations), request(.sparseVideoGen(), .activations), request(.sparseVideoGen(), .float8),
      request(.sparseVideoGen(density: 0.2), .float8),
    ]
    let shared = SharedSteps(requests, plans: try requests.map(planner.plan))
    #expect([0, 1, 2, 3].map { shared.wants(2, of: $0) } == [true, false, true, false])
  }

  @Test func `a comparison warms up each kind of numbers, and keeps full attention as the videos have it`() {
    let settings = SparseVideoGenSettings()
    let request = ComparisonRequest(
      videos: [Self.usual],
      variants: [
        ComparisonVariant(name: "svg in fp8", settings: settings, numbers: .float8),
        ComparisonVariant(name: "svg", settings: settings),
      ])
    #expect(request.runs.prefix(2) == [.warmUp(.activations), .warmUp(.float8)] && request.runs.count == 5)
    #expect(
      request.runs.map { request.request($0).attentionNumbers } == [
        .activations, .float8, .activations, .float8, .activations,
      ])
    #expect(request.runs.prefix(2).allSatisfy { request.request($0).steps == 1 })
  }
}
