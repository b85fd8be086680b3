import Compute
import SparseVideoGen
import Testing

/// Requests that differ in how they attend take their first dense steps once.
struct SharedStepsTests {
  /// A video with enough tokens for blocks to be dropped.
  static func request(_ attention: AttentionChoice, seed: UInt64 = 3) -> GenerationRequest {
    GenerationRequest(
      prompt: "a red circle", width: 128, height: 128, frames: 17, steps: 4, seed: seed, attention: attention,
      tracesHeads: true)
  }

  static func sparse(denseSteps: Share, denseLayers: Share = .count(0)) -> AttentionChoice {
    .sparse(SparseVideoGenSettings(bandWidth: .density(0.3), denseSteps: denseSteps, denseLayers: denseLayers))
  }

  // One scheduler keeps the step before and draws noise, the other does neither.
  @Test(arguments: ["cogvideox-5b", "cogvideox-2b"])
  func `a run that goes on from shared steps ends as one alone, bit for bit`(model: String) async throws {
    let generator = try await tinyGenerator(model)
    let requests = [
      Self.request(.dense), Self.request(Self.sparse(denseSteps: .count(2))),
      Self.request(Self.sparse(denseSteps: .fraction(0.25), denseLayers: .count(1))),
      Self.request(Self.sparse(denseSteps: .count(0))), Self.request(Self.sparse(denseSteps: .fraction(1))),
      // Nothing to share with: another seed, and a row of its own that begins with a sparse run.
      Self.request(Self.sparse(denseSteps: .count(2)), seed: 4),
      Self.request(Self.sparse(denseSteps: .count(3)), seed: 4), Self.request(.dense, seed: 4),
    ]
    let runs = try await Self.runs(requests, of: generator)
    #expect(
      runs.map { $0.steps.map(\.step) } == [
        // One dense layer is all that the smaller model has.
        [1, 2, 3, 4], [3, 4], generator.model.layers == 1 ? [] : [2, 3, 4], [1, 2, 3, 4], [], [1, 2, 3, 4], [3, 4], [4],
      ])
    for (request, run) in zip(requests, runs) {
      let alone = try await generator.generate(request)
      #expect(run.result.latents.floats() == alone.latents.floats())
      #expect(run.result.frames.floats() == alone.frames.floats())
      #expect(run.result.attention == alone.attention)
      #expect(run.result.traces == alone.traces)
      #expect(run.result.record == alone.record)
    }
    #expect(runs[1].result.attention.density < 1 && runs[4].result.attention.density == 1)
  }

  @Test func `the time of shared steps counts to every run that has them`() async throws {
    let runs = try await Self.runs(
      [Self.request(.dense), Self.request(Self.sparse(denseSteps: .count(2)))], of: tinyGenerator())
    let (dense, sparse) = (runs[0], runs[1])
    let shared = dense.steps[0].seconds + dense.steps[1].seconds
    #expect(dense.result.times.denoising == shared + dense.steps[2].seconds + dense.steps[3].seconds)
    #expect(sparse.result.times.denoising == shared + sparse.steps[0].seconds + sparse.steps[1].seconds)
    for run in runs {
      let operations = run.result.times.denoisingOperations
      #expect(operations[.attention] > 0 && operations[.linear] > 0)
    }
    #expect(dense.result.times.encoding == sparse.result.times.encoding)
  }

  @Test func `requests with other videos between them share nothing`() async throws {
    let sparse = Self.request(Self.sparse(denseSteps: .count(2)))
    let runs = try await Self.runs([Self.request(.dense), Self.request(.dense, seed: 9), sparse], of: tinyGenerator())
    #expect(runs.map(\.steps.count) == [4, 4, 4])
  }

  private static func runs(
    _ requests: [GenerationRequest], of generator: VideoGenerator
  ) async throws -> [(steps: [DenoisingStep], result: GenerationResult)] {
    var steps: [DenoisingStep] = []
    var runs: [(steps: [DenoisingStep], result: GenerationResult)] = []
    for try await item in generator.events(for: requests) {
      switch item.event {
      case .step(let step): steps.append(step)
      case .finished(let result):
        #expect(item.index == runs.count)
        runs.append((steps, result))
        steps = []
      default: break
      }
    }
    return runs
  }
}
