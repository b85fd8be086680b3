import Attention
import Figures

/// What the page is filled with: figures as numbers where they are drawn, and as finished text where they are read.
struct ReportPage: Encodable {
  struct Phase: Encodable {
    let label: String
    let seconds: [Double]
    let texts: [String]
  }

  struct Video: Encodable {
    let framesPerSecond: Double
    let dense: [String]
    let sparse: [String]
  }

  struct Call: Encodable {
    let step: Int
    let layer: Int
    let sample: Int
    /// One letter per head, `s` or `t`; `nil` where attention was dense.
    let patterns: String?
    /// Spatial and temporal error of each head, to three digits: they are many, and nobody reads more.
    let errors: [[Double]]?
  }

  struct Heads: Encodable {
    let steps: Int
    let layers: Int
    let heads: Int
    let samples: Int
    let summary: String
    let calls: [Call]
  }

  struct Point: Encodable {
    let method: String
    let density: Double
    let psnr: Double
    let text: String
  }

  let prompt: String
  let seed: String
  /// What the page shows of several comparisons; `nil` for a single one.
  let context: String?
  let labels: [String]
  let headlines: [Headline]
  let runTable: FigureTable
  let phases: [Phase]
  let phaseTable: FigureTable
  /// What the total has in it, and what was encoded.
  let phaseNote: String
  let psnr: [Double]
  let ssim: [Double]
  let frameTable: FigureTable
  let video: Video?
  let heads: Heads?
  let curve: [Point]
  let curveTable: FigureTable
  let operationConvention: String?
  let command: String
  let facts: [NamedValue]

  init(_ report: ComparisonReport, pictures: ComparisonPictures?) {
    prompt = report.prompt
    seed = "\(report.seed)"
    let comparisons = report.curve.reduce(0) { $0 + $1.psnr.count }
    context =
      comparisons > 1
      ? "the first of \(comparisons) comparisons; what all come to is under Quality against density" : nil
    labels = [report.dense.label, report.sparse.label]
    headlines = report.headlines
    runTable = report.runTable
    phases = report.phases.map { phase in
      let seconds = [report.dense, report.sparse].map { $0.seconds[phase] ?? 0 }
      return Phase(
        label: phase.label, seconds: seconds, texts: seconds.map { $0 > 0 ? Figure.seconds($0) : Figure.none })
    }
    phaseTable = report.phaseTable
    phaseNote =
      "The total ends with the decoded frames. "
      + (report.phases.contains(.encode)
        ? "Encoding is that of the pictures of this page, which only this pair goes through."
        : "No video was encoded.")
    psnr = report.quality.framePSNR
    ssim = report.quality.frameSSIM
    frameTable = report.frameTable
    video = pictures.map {
      Video(framesPerSecond: $0.framesPerSecond, dense: $0.dense.addresses, sparse: $0.sparse.addresses)
    }
    heads = report.heads.map(Heads.init)
    curve = report.curve.map { point in
      Point(
        method: point.method, density: point.computedDensity, psnr: point.psnr.mean,
        text:
          "\(point.method): \(Figure.spread(point.psnr, Figure.decibels)) at \(Figure.percent(point.computedDensity))")
    }
    curveTable = report.curveTable
    operationConvention = report.operationConvention
    command = report.command
    facts = [NamedValue("version", report.version)] + report.machine
  }
}

extension ReportPage.Heads {
  init(_ map: HeadMap) {
    let counts = map.headCounts
    self.init(
      steps: map.steps, layers: map.layers, heads: map.heads, samples: map.samples,
      summary: "Calls of heads: \(counts.dense) dense, \(counts.spatial) spatial, \(counts.temporal) temporal.",
      calls: map.calls.map { call in
        ReportPage.Call(
          step: call.site.step, layer: call.site.layer, sample: call.site.sample,
          patterns: call.patterns.map { String($0.map { $0 == .spatial ? "s" : "t" }) },
          errors: call.errors?.map { [threeDigits($0.spatial), threeDigits($0.temporal)] })
      })
  }
}

/// The number with three significant digits.
private func threeDigits(_ value: Float) -> Double {
  guard value.isFinite, value != 0 else { return Double(value) }
  return Double(Figure.scientific(Double(value))) ?? Double(value)
}
