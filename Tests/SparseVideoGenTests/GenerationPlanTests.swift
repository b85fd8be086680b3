import SparseVideoGen
import Testing

struct GenerationPlanTests {
  @Test func `a plan covers every step and layer once`() async throws {
    let generator = try await tinyGenerator()
    var request = tinyRequest(steps: 10)
    request.frames = nil
    request.attention = .sparse(
      SparseVideoGenSettings(bandWidth: .density(0.5), denseSteps: .fraction(0.25), denseLayers: .count(1)))
    let plan = try generator.plan(request)
    #expect(plan.attention.parts.map(\.attention) == ["dense", "dense", "svg"])
    let calls = plan.attention.parts.reduce(0) {
      $0 + ($1.lastStep - $1.firstStep + 1) * ($1.lastLayer - $1.firstLayer + 1)
    }
    #expect(calls == 10 * generator.model.layers)
    #expect(plan.layout.sequenceLength == 38)
    #expect(plan.samples == 2)
  }

  @Test func `dense attention computes every pair`() async throws {
    var request = tinyRequest()
    request.attention = .dense
    let plan = try await tinyGenerator().plan(request)
    #expect(plan.attention.densityRange == 1...1)
    #expect(plan.attention.parts.map(\.attention) == ["dense"])
    #expect(plan.work.attention == plan.work.denseAttention)
    #expect(plan.work.speedUpBound == 1)
  }

  @Test func `without guidance the transformer runs once a step`() async throws {
    var request = tinyRequest()
    request.guidance = 1
    #expect(try await tinyGenerator().plan(request).samples == 1)
  }

  @Test func `a size that the model cannot make is refused`() async throws {
    var request = tinyRequest()
    request.width = 50
    let generator = try await tinyGenerator()
    let error = #expect(throws: ModelError.self) { try generator.plan(request) }
    #expect(error?.code == .illegalSize)
  }

  @Test func `a GPU that is not there is refused`() async throws {
    let error = await #expect(throws: GenerationError.self) {
      try await VideoGenerator(options: GeneratorOptions(device: .cuda(index: 77)))
    }
    #expect(error?.code == .noSuchDevice)
  }
}
