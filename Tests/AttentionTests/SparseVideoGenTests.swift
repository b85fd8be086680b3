import Attention
import Compute
import Synchronization
import Tensor
import TestSupport
import Testing

/// The method against an independent rendering with explicit masks, in double precision.
@Suite struct SparseVideoGenTests {
  /// Scores and sums are float32: some hundred additions of 2⁻²⁴ each.
  static let bound = 2e-5

  @Test(arguments: GoldenCase.names, TestDevice.allCases)
  func `profiling finds the errors, and so the pattern, of every head`(
    name: String, kind: TestDevice
  ) throws {
    let device = kind.device
    let golden = try GoldenCase(name)
    let rows = try golden.goldens.integers("sampled_rows").map { VideoIndex<FrameMajor>(Int($0)) }
    let errors = try device.profileHeads(golden.projection(on: device), rows: rows, bands: golden.bands).errors
    let expected = try golden.goldens.tensor("errors").floats()
    for (index, value) in errors.flatMap({ [$0.spatial, $0.temporal] }).enumerated() {
      #expect(abs(value - expected[index]) <= 1e-5 * max(expected[index], 1e-3), "head \(index / 2)")
    }
    let temporal = try golden.goldens.integers("is_temporal").map { $0 != 0 }
    #expect(errors.map { $0.pattern == .temporal } == temporal)
  }

  @Test(arguments: GoldenCase.names, TestDevice.allCases)
  func `attention under the masks gives the output of explicit masks`(
    name: String, kind: TestDevice
  ) throws {
    let device = kind.device
    let golden = try GoldenCase(name)
    let projection = try golden.projection(on: device)
    let patterns = try golden.goldens.integers("is_temporal").map { $0 != 0 ? HeadPattern.temporal : .spatial }
    let spatial = [HeadPattern](repeating: .spatial, count: golden.heads)
    for (kind, patterns, bands) in [("dense", spatial, nil), ("sparse", patterns, golden.bands)] {
      let masks = PatternMasks(layout: golden.layout, bands: bands, blockSize: device.attentionBlockSize)
      let output = try device.attendBlocks(device.prepareHeads(projection, patterns: patterns), masks: masks)
      let result = try device.download(output)
      let rows = try golden.goldens.integers("output_rows").map(Int.init)
      let chosen = rows.flatMap { result.slice($0..<$0 + 1).floats() }
      let expected = try golden.goldens.tensor("output_\(kind)")
      #expect(relativeError(Tensor(chosen, shape: expected.shape), expected) <= Self.bound, "\(kind)")
      var sums = [Float](repeating: 0, count: result.shape[1])
      for (index, value) in result.floats().enumerated() { sums[index % sums.count] += value }
      let expectedSums = try golden.goldens.tensor("output_\(kind)_sum")
      #expect(relativeError(Tensor(sums, shape: expectedSums.shape), expectedSums) <= 10 * Self.bound, "\(kind)")
    }
  }

  @Test(arguments: GoldenCase.names, TestDevice.allCases)
  func `density 1 gives what dense attention gives`(
    name: String, kind: TestDevice
  ) throws {
    let device = kind.device
    let golden = try GoldenCase(name)
    let projection = try golden.projection(on: device)
    let schedule = AttentionSchedule(steps: 1, layers: 1, denseSteps: .count(0), denseLayers: .count(0))
    let site = AttentionSite(step: 0, layer: 0, sample: 0)
    let settings = SparseVideoGenSettings(bandWidth: .density(1), profiledRows: .count(4))
    let sparse = SparseVideoGenAttention(device: device, settings: settings, schedule: schedule)
    let output = try device.download(sparse.attend(projection, at: site))
    let dense = try device.download(DenseAttention(device: device).attend(projection, at: site))
    // All errors are nearly zero, so a head may be temporal: the same keys in another order.
    #expect(relativeError(output, dense) <= Self.bound)
  }

  @Test(arguments: TestDevice.allCases)
  func `a spatial head is found spatial, a temporal head temporal, at every site`(kind: TestDevice) throws {
    let device = kind.device
    let golden = try GoldenCase("f13-p16-t32-first-d64")
    let projection = try golden.projection(on: device)
    let traces = Mutex<[PendingHeadTrace]>([])
    let attention = SparseVideoGenAttention(
      device: device, settings: SparseVideoGenSettings(profiledRows: .count(16)),
      schedule: AttentionSchedule(steps: 4, layers: 3, denseSteps: .count(1), denseLayers: .count(1)),
      listener: { trace in traces.withLock { $0.append(trace) } })
    for step in 0..<3 {
      for layer in 0..<2 {
        _ = try attention.attend(projection, at: AttentionSite(step: step, layer: layer, sample: 0))
      }
    }
    for trace in try traces.withLock({ try $0.map { try $0.resolved() } }) {
      if trace.site.step == 0 || trace.site.layer == 0 {
        #expect(trace.patterns == nil && trace.errors == nil && trace.computedPairs == trace.allPairs)
      } else {
        #expect(trace.patterns == [.spatial, .temporal])
        #expect(trace.computedPairs < trace.allPairs)
      }
    }
    #expect(traces.withLock { $0.count } == 6)
  }

  @Test(arguments: [SparseVideoGenSettings.PatternChoice.spatial, .temporal])
  func `the ablations give every head the same pattern and profile nothing`(
    choice: SparseVideoGenSettings.PatternChoice
  ) throws {
    let device = TestDevice.cpu.device
    let golden = try GoldenCase("f5-p64-t7-d32")
    let traces = Mutex<[PendingHeadTrace]>([])
    let attention = SparseVideoGenAttention(
      device: device, settings: SparseVideoGenSettings(patternChoice: choice),
      schedule: AttentionSchedule(steps: 1, layers: 1, denseSteps: .count(0), denseLayers: .count(0)),
      listener: { trace in traces.withLock { $0.append(trace) } })
    _ = try attention.attend(golden.projection(on: device), at: AttentionSite(step: 0, layer: 0, sample: 0))
    let trace = try #require(traces.withLock { $0.first }).resolved()
    #expect(trace.errors == nil)
    #expect(trace.patterns == [HeadPattern](repeating: choice == .spatial ? .spatial : .temporal, count: 4))
  }
}
