import Attention
import Models

/// Which attention runs in which step and layer, and how many query-key pairs it computes.
public struct AttentionPlan: Hashable, Sendable, Codable {
  /// A rectangle of steps and layers that attend the same way.
  public struct Part: Hashable, Sendable, Codable {
    /// The first step, from 1.
    public let firstStep: Int
    /// The last step.
    public let lastStep: Int
    /// The first layer, from 1.
    public let firstLayer: Int
    /// The last layer.
    public let lastLayer: Int
    /// `dense`, `svg`, `spatial` or `temporal`.
    public let attention: String
  }

  /// The mechanism of the calls that are not dense: `dense` when all are.
  public let mechanism: String
  /// What is multiplied.
  public let numbers: AttentionNumbers
  /// All steps and layers, in order; no two parts overlap.
  public let parts: [Part]
  /// Which steps and layers are dense.
  public let schedule: AttentionSchedule
  /// The half-width of spatial heads' band, in tokens; `nil` when every call is dense.
  public let spatialHalfWidth: Int?
  /// The half-width of temporal heads' band, in tokens; `nil` when every call is dense.
  public let temporalHalfWidth: Int?
  /// The fraction of the pairs that a spatial head computes in a sparse call.
  public let spatialDensity: Double
  /// The fraction of the pairs that a temporal head computes in a sparse call.
  public let temporalDensity: Double
  /// Rows that profiling samples in a sparse call; 0 where nothing is profiled.
  public let profiledRows: Int
  /// The query-key pairs of one head in full attention.
  public let pairsPerHead: Int

  /// Plans the attention of one video.
  /// - Parameter blockSize: Rows and keys of the device's blocks.
  init(_ request: GenerationRequest, layout: TokenLayout, steps: Int, layers: Int, blockSize: Int) {
    let choice = request.attention
    let settings = choice.settings
    let schedule = AttentionSchedule(
      steps: steps, layers: layers, denseSteps: settings?.denseSteps ?? .fraction(1),
      denseLayers: settings?.denseLayers ?? .fraction(1))
    let bands = settings.map { BandPair($0.bandWidth, layout: layout, blockSize: blockSize) }
    let masks = PatternMasks(layout: layout, bands: bands, blockSize: blockSize)
    self.schedule = schedule
    mechanism = choice.name
    numbers = request.attentionNumbers
    parts = Self.parts(schedule, mechanism: choice.name)
    spatialHalfWidth = bands?.spatial.halfWidth
    temporalHalfWidth = bands?.temporal.halfWidth
    spatialDensity = masks.spatial.density
    temporalDensity = masks.temporal.density
    profiledRows = settings?.profiledRowCount(in: layout) ?? 0
    pairsPerHead = masks.spatial.allPairs
  }

  private static func parts(_ schedule: AttentionSchedule, mechanism: String) -> [Part] {
    func part(_ steps: Range<Int>, _ layers: Range<Int>, _ attention: String) -> Part? {
      guard !steps.isEmpty, !layers.isEmpty else { return nil }
      return Part(
        firstStep: steps.lowerBound + 1, lastStep: steps.upperBound, firstLayer: layers.lowerBound + 1,
        lastLayer: layers.upperBound, attention: attention)
    }
    let late = schedule.denseSteps..<schedule.steps
    return [
      part(0..<schedule.denseSteps, 0..<schedule.layers, "dense"),
      part(late, 0..<schedule.denseLayers, "dense"),
      part(late, schedule.denseLayers..<schedule.layers, mechanism),
    ].compactMap { $0 }
  }

  /// The fraction of the calls that are sparse.
  private var sparseShare: Double {
    Double(schedule.sparseCalls) / Double(schedule.steps * schedule.layers)
  }

  /// The least and the most of all pairs that the run can compute: which one it is depends on what profiling finds.
  public var densityRange: ClosedRange<Double> {
    let densities =
      switch mechanism {
      case "spatial": [spatialDensity]
      case "temporal": [temporalDensity]
      default: [spatialDensity, temporalDensity]
      }
    let least = 1 - sparseShare * (1 - (densities.min() ?? 1))
    let most = 1 - sparseShare * (1 - (densities.max() ?? 1))
    return least...most
  }
}
