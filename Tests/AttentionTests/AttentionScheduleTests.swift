import Attention
import Testing

@Suite struct AttentionScheduleTests {
  @Test func `the first steps and the first layers are dense`() {
    let schedule = AttentionSchedule(
      steps: 50, layers: 42, denseSteps: .fraction(0.25), denseLayers: .fraction(0.03))
    #expect(schedule.denseSteps == 12)
    #expect(schedule.denseLayers == 1)
    #expect(schedule.isDense(at: AttentionSite(step: 11, layer: 41, sample: 0)))
    #expect(schedule.isDense(at: AttentionSite(step: 12, layer: 0, sample: 1)))
    #expect(!schedule.isDense(at: AttentionSite(step: 12, layer: 1, sample: 0)))
    #expect(schedule.sparseCalls == 38 * 41)
  }

  @Test(arguments: [
    (Share.fraction(0.1), 30, 3), (.fraction(0.29), 100, 29), (.fraction(1), 7, 7), (.count(9), 7, 7),
    (.count(0), 7, 0),
  ])
  func `a share is rounded down and never exceeds the whole`(share: Share, total: Int, expected: Int) {
    #expect(share.resolved(of: total) == expected)
  }

  @Test(arguments: [
    (Share.fraction(0.25), "25%"), (.fraction(0.001), "0.1%"), (.fraction(0.125), "12.5%"), (.fraction(1), "100%"),
    (.count(12), "12"),
  ])
  func `a share is written as it is asked for`(share: Share, text: String) {
    #expect(share.description == text)
  }
}
