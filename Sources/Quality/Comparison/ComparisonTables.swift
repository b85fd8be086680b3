import Figures

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

  /// Seconds of each phase of both runs and the total, and below it the encoding, also where there was none.
  var phaseTable: FigureTable {
    func row(_ phase: RunPhase) -> [String] {
      [phase.label] + [dense, sparse].map { $0.seconds[phase].map(Figure.seconds) ?? Figure.none }
    }
    let total = ["total", Figure.seconds(dense.totalSeconds), Figure.seconds(sparse.totalSeconds)]
    return FigureTable(
      columns: ["phase", dense.label, sparse.label],
      rows: phases.filter { $0 != .encode }.map(row) + [total, row(.encode)])
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
}
