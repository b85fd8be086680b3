import Files
import Foundation
import Quality
import Testing

@Suite struct ReportPageTests {
  @Test func `nothing in a prompt can leave the place it stands in`() throws {
    let prompt = "</script><script>alert(1)</script> {{data}} \u{2028} & <!-- 'quoted' \"twice\""
    let page = String(decoding: try SampleReport.report(prompt: prompt).html(pictures: nil), as: UTF8.self)
    #expect(!page.contains("alert(1)</script>"))
    #expect(page.contains("<title>Dense against sparse: &lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt; {{data}}"))
    #expect(page.components(separatedBy: "</script>").count == 3)
    // The title shows the separator, where it is harmless; the data does not.
    let data = try #require(
      page.components(separatedBy: "id=\"data\">").last?.components(separatedBy: "</script>").first)
    #expect(!data.contains("\u{2028}") && data.contains("\\u2028") && !data.contains("<"))
    let decoded = try JSONSerialization.jsonObject(with: Data(data.utf8)) as? [String: Any]
    #expect(decoded?["prompt"] as? String == prompt)
  }

  @Test func `the page fetches nothing`() throws {
    let page = String(decoding: try SampleReport.report().html(pictures: nil), as: UTF8.self)
    #expect(page.contains("default-src 'none'"))
    // The only address is the name space of SVG, which nobody opens.
    #expect(page.components(separatedBy: "http").count - 1 == page.components(separatedBy: "http-equiv").count)
    #expect(page.components(separatedBy: "http://www.w3.org/2000/svg").count == 2)
  }

  @Test func `pictures must be as many as the frames`() throws {
    let few = EncodedPictures(format: .png, frames: [Data([1])])
    let error = #expect(throws: QualityError.self) {
      try SampleReport.report().html(pictures: ComparisonPictures(dense: few, sparse: few, framesPerSecond: 8))
    }
    #expect(error?.code == .wrongPictureCount)
  }

  @Test func `a report goes into a file or says why not`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "report-\(UUID().uuidString)")
    let report = try SampleReport.report()
    let error = #expect(throws: FileError.self) {
      try report.writeHTML(to: folder.appending(path: "report.html"), pictures: nil)
    }
    #expect(error?.code == .unwritable)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try report.writeHTML(to: folder.appending(path: "report.html"), pictures: nil)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["report.html"])
  }
}

/// What a browser makes of the page.
@Suite(
  .serialized,
  .enabled(if: Browser.program != nil, "needs chromium; Debian: apt-get install chromium")
)
struct ReportInBrowserTests {
  /// Writes the sample and opens it at each fragment.
  ///
  /// `REPORT_SAMPLE` names a folder where the sample stays, for `Tools/report/screenshots.sh`.
  func open(
    _ fragments: [String], report: ComparisonReport? = nil, pictures: ComparisonPictures? = SampleReport.pictures()
  ) throws -> [Browser.Page] {
    let kept = ProcessInfo.processInfo.environment["REPORT_SAMPLE"].map { URL(filePath: $0) }
    let folder = kept ?? FileManager.default.temporaryDirectory.appending(path: "report-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { if kept == nil { try? FileManager.default.removeItem(at: folder) } }
    let file = folder.appending(path: report == nil ? "report.html" : "bare.html")
    try (report ?? SampleReport.report()).writeHTML(to: file, pictures: pictures)
    return try fragments.map { try Browser.open(file, fragment: $0) }
  }

  @Test func `a page that fails is seen to fail`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "report-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "report.html")
    // Pictures that are none: the page cannot show them.
    let broken = EncodedPictures(
      format: .png, frames: [Data](repeating: Data("no picture".utf8), count: SampleReport.frameCount))
    try SampleReport.report().writeHTML(
      to: file, pictures: ComparisonPictures(dense: broken, sparse: broken, framesPerSecond: 8))
    let page = try Browser.open(file, fragment: "frame=3")
    #expect(page.console.contains { $0.contains("a frame cannot be read") }, "\(page.console)")
    #expect(page.attribute("data-ready") == nil && page.attribute("data-errors") == "1")
  }

  @Test func `the slider moves both videos, and nothing fails`() throws {
    let pages = try open(["frame=3", "frame=10", "frame=9999"])
    for (page, frame) in zip(pages, ["3", "10", "11"]) {
      #expect(page.console.isEmpty)
      #expect(page.attribute("data-ready") == "true")
      #expect(page.attribute("data-errors") == "0")
      #expect(page.attribute("data-frame") == frame)
      #expect(page.attribute("aria-valuetext", of: "frame") == "frame \(frame) of 12")
    }
    for canvas in ["dense", "sparse", "difference"] {
      let sums = pages.map { $0.attribute("data-checksum", of: canvas) }
      #expect(sums.allSatisfy { $0?.isEmpty == false } && Set(sums).count == 3, "\(canvas): \(sums)")
    }
    #expect(pages[0].attribute("data-checksum", of: "dense") != pages[0].attribute("data-checksum", of: "sparse"))
  }

  @Test func `both videos show the same frame`() throws {
    let dense = SampleReport.pictures().dense
    let same = ComparisonPictures(dense: dense, sparse: dense, framesPerSecond: 8)
    let page = try #require(try open(["frame=5"], report: SampleReport.report(isIdentical: true), pictures: same).first)
    let checksum = try #require(page.attribute("data-checksum", of: "dense"))
    #expect(page.attribute("data-frame") == "5")
    #expect(page.attribute("data-checksum", of: "sparse") == checksum)
    #expect(page.attribute("data-checksum", of: "difference") != checksum)
  }

  @Test func `every chart is drawn and has its table`() throws {
    let page = try #require(try open(["frame=0"]).first)
    let document = page.document
    #expect(document.components(separatedBy: "<svg").count - 1 == 3)
    for table in ["frame-table", "phase-table", "curve-table", "run-table"] {
      let content = try #require(document.components(separatedBy: "id=\"\(table)\"").last)
      #expect(content.prefix(60).contains("<table>"), "\(table)")
    }
    // 12 frames, 7 phases, their total and the encoding, 9 points, 8 figures of the runs, and the headers.
    let rows = document.components(separatedBy: "<tr>").count - 1
    #expect(rows == 12 + 9 + 9 + 9 + 4)
    #expect(page.attribute("data-cell", of: "head-map") == "5 1 0")
    #expect(document.contains("step 5, layer 1, head 0: "))
    #expect(document.contains("Encoding is that of the pictures of this page"))
    #expect(document.contains("98.6 s dense, 73.5 s sparse"))
    // Three methods at three densities, three times each.
    #expect(document.contains("the first of 27 comparisons"))
    // Words stand apart, and a person who copies them gets the command.
    #expect(document.contains("<span>--density</span> <span>0.2,0.3,0.5</span></pre>"))
  }

  @Test func `identical videos and missing parts leave a whole page`() throws {
    var report = try SampleReport.report(prompt: "</script> \u{2028} <b>bold</b>", isIdentical: true)
    report.heads = nil
    report.curve = []
    (report.dense.seconds[.encode], report.sparse.seconds[.encode]) = (nil, nil)
    let page = try #require(try open([""], report: report, pictures: nil).first)
    #expect(page.console.isEmpty)
    #expect(page.attribute("data-ready") == "true" && page.attribute("data-errors") == "0")
    #expect(page.document.contains("No video was encoded."))
    #expect(page.document.contains("∞ dB") && page.document.contains("&lt;b&gt;bold&lt;/b&gt;"))
    for section in ["videos", "heads", "curve"] { #expect(page.attribute("hidden", of: section) != nil) }
  }

  @Test func `slider, keys and tables answer to a person's hands`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "report-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // What a hand would do, once the videos are there: the slider to frame 7, the map three cells on, its table open.
    let hands = """
      <script>
      const wait = setInterval(() => {
        if (document.documentElement.dataset.ready !== "true") return;
        clearInterval(wait);
        const slider = document.getElementById("frame");
        slider.value = 7;
        slider.dispatchEvent(new Event("input"));
        document.getElementById("head-details").open = true;
        for (const key of ["ArrowRight", "ArrowDown", "PageDown"]) {
          document.getElementById("head-map").dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true }));
        }
      }, 50);
      </script></body>
      """
    let page = String(decoding: try SampleReport.report().html(pictures: SampleReport.pictures()), as: UTF8.self)
    let file = folder.appending(path: "report.html")
    try page.replacing("</body>", with: hands).write(to: file, atomically: true, encoding: .utf8)
    // It starts to play by itself; the hand on the slider stops it.
    let moved = try Browser.open(file)
    let there = try Browser.open(file, fragment: "frame=7")
    #expect(moved.console.isEmpty && moved.attribute("data-errors") == "0")
    #expect(moved.attribute("data-frame") == "7")
    for canvas in ["dense", "sparse", "difference"] {
      let checksum = try #require(moved.attribute("data-checksum", of: canvas))
      #expect(checksum == there.attribute("data-checksum", of: canvas), "\(canvas)")
    }
    #expect(moved.attribute("data-cell", of: "head-map") == "6 2 1")
    #expect(moved.document.contains("step 6, layer 2, head 1: "))
    #expect(moved.document.contains("Table: heads of step 6"))
    #expect(moved.document.components(separatedBy: "<th scope=\"col\">head ").count - 1 == 8)
  }
}
