import SparseVideoGen
import Testing

struct ComparisonTests {
  /// Settings under which every step and layer is sparse.
  static func settings(
    _ density: Double, _ choice: SparseVideoGenSettings.PatternChoice = .profiled
  ) -> SparseVideoGenSettings {
    SparseVideoGenSettings(
      patternChoice: choice, bandWidth: .density(density), denseSteps: .count(0), denseLayers: .count(0))
  }

  /// The cheapest video with enough tokens for blocks to be dropped.
  static func sparseRequest(_ prompt: String = "a red circle", seed: UInt64 = 0) -> GenerationRequest {
    GenerationRequest(prompt: prompt, width: 128, height: 128, frames: 17, steps: 1, seed: seed)
  }

  @Test func `keeping every pair changes nothing`() async throws {
    let request = ComparisonRequest(
      videos: [Self.sparseRequest()], variants: [ComparisonVariant(name: "all", settings: Self.settings(1, .spatial))])
    let comparisons = try await tinyComparisons(request)
    let comparison = try #require(comparisons.first)
    #expect(comparisons.count == 1)
    #expect(comparison.quality.psnr == .infinity)
    #expect(comparison.quality.framePSNR == Array(repeating: .infinity, count: 17))
    #expect(comparison.quality.ssim == 1)
    let report = comparison.report(command: "svgen compare", machine: [], includesHeads: false)
    #expect(report.sparse.computedDensity == 1)
    #expect(report.text().contains("∞ dB"))
    #expect(try ComparisonReport(json: report.json()) == report)
  }

  @Test func `every variant is compared with the dense run of its own video`() async throws {
    let videos = [Self.sparseRequest("a red circle", seed: 1), Self.sparseRequest("a blue star", seed: 2)]
    let variants = [
      ComparisonVariant(name: "narrow", settings: Self.settings(0.3)),
      ComparisonVariant(name: "wide", settings: Self.settings(0.8)),
    ]
    let generator = try await tinyGenerator()
    var order: [String] = []
    var hasWarmedUp = false
    var comparisons: [Comparison] = []
    for try await event in generator.comparisons(for: ComparisonRequest(videos: videos, variants: variants)) {
      switch event {
      case .warmingUp:
        #expect(order.isEmpty)
        hasWarmedUp = true
      case .running(.planned, let run, let runs, let variant):
        #expect(run == order.count && runs == 6)
        order.append(variant?.name ?? "dense")
      case .running: break
      case .compared(let comparison): comparisons.append(comparison)
      }
    }
    // Warming up comes first, and is none of the runs.
    #expect(hasWarmedUp)
    #expect(order == ["dense", "narrow", "wide", "dense", "narrow", "wide"])
    #expect(comparisons.map(\.video) == [0, 0, 1, 1])
    #expect(comparisons.map(\.variant.name) == ["narrow", "wide", "narrow", "wide"])
    for comparison in comparisons {
      let video = videos[comparison.video]
      for (result, attention) in [
        (comparison.dense, AttentionChoice.dense), (comparison.sparse, .sparse(comparison.variant.settings)),
      ] {
        #expect(result.record.prompt == video.prompt && result.record.seed == video.seed)
        var alone = video
        alone.attention = attention
        #expect(try await generator.generate(alone).frames.floats() == result.frames.floats())
      }
      #expect(comparison.dense.attention.density == 1)
      #expect(comparison.sparse.attention.density < 1)
      #expect(comparison.quality.psnr.isFinite && comparison.quality.ssim < 1)
    }
  }

  @Test func `heads are traced only where somebody asks for them`() async throws {
    let generator = try await tinyGenerator()
    var request = Self.sparseRequest()
    request.attention = .sparse(Self.settings(0.5))
    #expect(try await generator.generate(request).traces.isEmpty)
    request.tracesHeads = true
    let traces = try await generator.generate(request).traces
    let plan = try generator.plan(request)
    #expect(!traces.isEmpty && traces.allSatisfy { $0.patterns?.count == plan.model.heads })

    let comparison = try #require(
      await tinyComparisons(
        ComparisonRequest(
          videos: [Self.sparseRequest()], variants: [ComparisonVariant(name: "svg", settings: Self.settings(0.5))])
      ).first)
    #expect(comparison.dense.traces.allSatisfy { $0.patterns == nil })
    // The order in which the calls end is that of the work, so the same twice.
    #expect(comparison.sparse.traces == traces)
    #expect(comparison.report(command: "", machine: [], includesHeads: true).heads?.calls.count == traces.count)
    #expect(comparison.report(command: "", machine: [], includesHeads: false).heads == nil)
  }

  @Test func `a summary has a point for each variant, over all videos`() async throws {
    let variants = [0.3, 0.8].map { ComparisonVariant(name: "svg", settings: Self.settings($0)) }
    let request = ComparisonRequest(videos: (1...3).map { Self.sparseRequest(seed: $0) }, variants: variants)
    var summary = ComparisonSummary()
    #expect(summary.count == 0 && summary.points.isEmpty)
    var psnr: [Double] = []
    for comparison in try await tinyComparisons(request) {
      summary.add(comparison, report: comparison.report(command: "", machine: [], includesHeads: false))
      if comparison.variant == variants[0] { psnr.append(comparison.quality.psnr) }
    }
    #expect(summary.count == 6)
    let points = summary.points
    #expect(points.map(\.askedDensity) == [0.3, 0.8])
    #expect(points.map(\.psnr.count) == [3, 3])
    #expect(points.map(\.ssim.count) == [3, 3])
    #expect(points.map(\.speedUp?.count) == [3, 3])
    #expect(points[0].psnr == Spread(of: psnr))
    #expect(points[0].computedDensity < points[1].computedDensity)
  }
}

/// All comparisons of a request with the tiny model.
private func tinyComparisons(_ request: ComparisonRequest) async throws -> [Comparison] {
  var comparisons: [Comparison] = []
  for try await event in try await tinyGenerator().comparisons(for: request) {
    if case .compared(let comparison) = event { comparisons.append(comparison) }
  }
  return comparisons
}
