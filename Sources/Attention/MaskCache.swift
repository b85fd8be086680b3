import Synchronization

/// The masks of the layouts seen so far: planned once, used in every layer and step.
final class MaskCache: Sendable {
  /// What a layout needs.
  struct Plan: Sendable {
    let bands: BandPair?
    let masks: PatternMasks
  }

  private let width: BandWidth?
  private let blockSize: Int
  private let plans = Mutex<[TokenLayout: Plan]>([:])

  /// - Parameter width: How wide the bands are; `nil` for full attention.
  init(width: BandWidth?, blockSize: Int) {
    self.width = width
    self.blockSize = blockSize
  }

  subscript(layout: TokenLayout) -> Plan {
    plans.withLock { plans in
      if let plan = plans[layout] { return plan }
      let bands = width.map { BandPair($0, layout: layout, blockSize: blockSize) }
      let plan = Plan(bands: bands, masks: PatternMasks(layout: layout, bands: bands, blockSize: blockSize))
      plans[layout] = plan
      return plan
    }
  }
}
