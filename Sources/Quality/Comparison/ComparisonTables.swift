import Figures

/// Rows of text under a header; what the plain-text report and the page both show.
struct FigureTable: Hashable, Sendable, Encodable {
  /// The header: one text per column.
  var columns: [String]
  /// The rows, each as long as the header; the first column names the row.
  var rows: [[String]]

  /// The table as text: the first column flush left, the others flush right, two spaces between.
  func text() -> String {
    let lines = [columns] + rows
    let widths = columns.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    return lines.map { line in
      let cells = line.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + padding : padding + cell
      }
      return cells.joined(separator: "  ").trimmingTrailingSpaces
    }.joined(separator: "\n")
  }
}

extension String {
  fileprivate var trimmingTrailingSpaces: String {
    String(self[..<(lastIndex { $0 != " " }.map(index(after:)) ?? startIndex)])
  }
}

extension ComparisonReport {
  /// Densities, settings, total time and operations of both runs.
  var runTable: FigureTable {
    var rows = [
      [
        "density asked", dense.askedDensity.map(Figure.percent) ?? Figure.none,
        sparse.askedDensity.map(Figure.percent) ?? Figure.none,
      ],
      ["density computed", Figure.percent(dense.computedDensity), Figure.percent(sparse.computedDensity)],
      ["time", Figure.seconds(dense.totalSeconds), Figure.seconds(sparse.totalSeconds)],
    ]
    if dense.floatingPointOperations != nil || sparse.floatingPointOperations != nil {
      rows.append(
        ["operations"] + [dense, sparse].map { $0.floatingPointOperations.map(Figure.operations) ?? Figure.none })
    }
    // Settings of either run, in the order of the sparse one, which has more of them.
    var names = sparse.settings.map(\.name)
    names += dense.settings.map(\.name).filter { !names.contains($0) }
    for name in names {
      rows.append(
        [name]
          + [dense, sparse].map { run in
            run.settings.first { $0.name == name }?.value ?? Figure.none
          })
    }
    return FigureTable(columns: ["", dense.label, sparse.label], rows: rows)
  }

  /// The phases that took time in either run.
  var phases: [RunPhase] {
    RunPhase.allCases.filter { (dense.seconds[$0] ?? 0) > 0 || (sparse.seconds[$0] ?? 0) > 0 }
  }

  /// Seconds of each phase of both runs, and the total.
  var phaseTable: FigureTable {
    let rows = phases.map { phase in
      [phase.label] + [dense, sparse].map { $0.seconds[phase].map(Figure.seconds) ?? Figure.none }
    }
    return FigureTable(
      columns: ["phase", dense.label, sparse.label],
      rows: rows + [["total", Figure.seconds(dense.totalSeconds), Figure.seconds(sparse.totalSeconds)]])
  }

  /// Quality of each frame.
  var frameTable: FigureTable {
    FigureTable(
      columns: ["frame", "PSNR", "SSIM"] + (quality.frameLPIPS == nil ? [] : ["LPIPS"]),
      rows: quality.framePSNR.indices.map { frame in
        let figures = [Figure.decibels(quality.framePSNR[frame]), Figure.similarity(quality.frameSSIM[frame])]
        return ["\(frame)"] + figures + (quality.frameLPIPS.map { [Figure.similarity($0[frame])] } ?? [])
      })
  }

  /// The points of ``curve``.
  var curveTable: FigureTable {
    FigureTable(
      columns: ["method", "asked", "computed", "PSNR", "SSIM", "speed-up", "runs"],
      rows: curve.map { point in
        [
          point.method, point.askedDensity.map(Figure.percent) ?? Figure.none, Figure.percent(point.computedDensity),
          Figure.spread(point.psnr, Figure.decibels), Figure.spread(point.ssim, Figure.similarity),
          point.speedUp.map { Figure.spread($0, Figure.factor) } ?? Figure.none, "\(point.psnr.count)",
        ]
      })
  }

  /// The figures that answer "as good, but faster?", each with a sentence of explanation.
  public var headlines: [Headline] {
    let worst = quality.framePSNR.enumerated().min { $0.element < $1.element }
    var psnrNote = "mean of the frames \(Figure.decibels(quality.meanFramePSNR))"
    if let worst { psnrNote += ", lowest \(Figure.decibels(worst.element)) in frame \(worst.offset)" }
    var lines = [
      Headline(
        name: "speed-up", value: measuredSpeedUp.map(Figure.factor) ?? Figure.none,
        note: "\(Figure.seconds(dense.totalSeconds)) dense, \(Figure.seconds(sparse.totalSeconds)) sparse; at best "
          + "\(Figure.factor(attainableSpeedUp)) with attention \(Figure.percent(dense.attentionShare)) of dense"),
      Headline(name: "PSNR", value: Figure.decibels(quality.psnr), note: psnrNote),
      Headline(
        name: "SSIM", value: Figure.similarity(quality.ssim),
        note: "mean of the frames, lowest \(Figure.similarity(quality.frameSSIM.min() ?? 1))"),
      Headline(
        name: "density", value: Figure.percent(sparse.computedDensity),
        note: "of all query-key pairs computed, \(Figure.percent(1 - sparse.computedDensity)) dropped"
          + (sparse.askedDensity.map { "; asked for \(Figure.percent($0)) in sparse steps" } ?? "")),
    ]
    if let lpips = quality.lpips {
      lines.append(
        Headline(name: "LPIPS", value: Figure.similarity(lpips), note: "mean of the frames, 0 for identical ones"))
    }
    return lines
  }

  /// The means and spreads of several comparisons as a table; no line break at the end.
  public var summaryText: String { curveTable.text() }

  /// The report as plain text, for a terminal 100 columns wide; no line break at the end.
  public func text() -> String {
    let width = headlines.map { $0.name.count }.max() ?? 0
    var parts = [
      "\"\(prompt)\", seed \(seed)",
      runTable.text(),
      phaseTable.text(),
      headlines.map { line in
        let name = line.name + String(repeating: " ", count: width - line.name.count)
        return "\(name)  \(line.value)  (\(line.note))"
      }.joined(separator: "\n"),
    ]
    if let counts = heads?.headCounts {
      parts.append("head calls: \(counts.dense) dense, \(counts.spatial) spatial, \(counts.temporal) temporal")
    }
    if !curve.isEmpty { parts.append(curveTable.text()) }
    return parts.joined(separator: "\n\n")
  }
}

/// A figure that a reader wants first.
public struct Headline: Hashable, Sendable, Encodable {
  /// For example `PSNR`.
  public let name: String
  /// For example `31.20 dB`.
  public let value: String
  /// What it means here, without a period at the end.
  public let note: String
}
