import Files
import Foundation

extension ComparisonReport {
  /// The report as one HTML page that needs nothing else: no network, no other file, no framework.
  ///
  /// - Parameter pictures: The frames of both videos, or `nil` where there is nothing that encodes them; the page then
  ///   shows everything else.
  /// - Returns: UTF-8 text. Its size is that of the pictures times 4/3, and some 25 bytes per head, layer, step and
  ///   sample.
  /// - Throws: ``QualityError`` with code `wrongPictureCount` when a run has more or fewer pictures than the quality
  ///   has frames.
  public func html(pictures: ComparisonPictures?) throws -> Data {
    let frames = quality.framePSNR.count
    for run in [pictures?.dense, pictures?.sparse] {
      guard let run, run.frames.count != frames else { continue }
      throw QualityError(
        .wrongPictureCount, "a run has \(run.frames.count) pictures, but \(frames) frames were compared")
    }
    let page: Data
    do {
      page = try ReportCoding.encoder.encode(ReportPage(self, pictures: pictures))
    } catch {
      throw QualityError(.invalidComparison, "the comparison cannot be put into a page", cause: error)
    }
    return ReportTemplate.filled(title: prompt, data: page)
  }

  /// Writes ``html(pictures:)`` to a file, which appears complete or not at all.
  /// - Throws: `FileError` for a place that cannot be written or has no room, and as ``html(pictures:)``.
  public func writeHTML(to file: URL, pictures: ComparisonPictures?) throws {
    let page = try html(pictures: pictures)
    var output = try AtomicFile(file.path)
    try output.write([UInt8](page))
    try output.commit()
  }
}
