import Quality

/// What several comparisons come to: means and spreads for each variant.
public struct ComparisonSummary: Sendable {
  /// The figures of one pair of runs.
  private struct Figures {
    let density: Double
    let psnr: Double
    let ssim: Double
    let speedUp: Double?
  }

  private var names: [ComparisonVariant] = []
  private var figures: [ComparisonVariant: [Figures]] = [:]

  /// No comparison yet.
  public init() {}

  /// Takes a comparison in.
  public mutating func add(_ comparison: Comparison, report: ComparisonReport) {
    count += 1
    let variant = comparison.variant
    if figures[variant] == nil { names.append(variant) }
    figures[variant, default: []].append(
      Figures(
        density: report.sparse.computedDensity, psnr: report.quality.psnr, ssim: report.quality.ssim,
        speedUp: report.measuredSpeedUp))
  }

  /// How many comparisons there are.
  public private(set) var count = 0

  /// A point for each variant, in the order in which they were first seen.
  public var points: [DensityPoint] {
    names.map { variant in
      let figures = figures[variant] ?? []
      let speedUps = figures.compactMap(\.speedUp)
      return DensityPoint(
        method: variant.name, askedDensity: variant.settings.askedDensity,
        computedDensity: figures.reduce(0) { $0 + $1.density } / Double(figures.count),
        psnr: Spread(of: figures.map(\.psnr)), ssim: Spread(of: figures.map(\.ssim)),
        speedUp: speedUps.isEmpty ? nil : Spread(of: speedUps))
    }
  }
}
