import Figures

/// A figure that a reader wants first.
public struct Headline: Hashable, Sendable, Encodable {
  /// For example `PSNR`.
  public let name: String
  /// For example `31.20 dB`.
  public let value: String
  /// What it means here, without a period at the end.
  public let note: String
}

extension ComparisonReport {
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
}
