import Foundation
import Testing

/// A Chromium without a window, for looking at a page.
struct Browser {
  /// What a page became.
  struct Page {
    /// The document as it was when its scripts had run.
    let document: String
    /// What the browser wrote about the page's console, a line per message.
    let console: [String]

    /// The value of an attribute of the first element that has it.
    func attribute(_ name: String, of element: String? = nil) -> String? {
      var text = Substring(document)
      if let element {
        guard let start = text.firstRange(of: "id=\"\(element)\"") else { return nil }
        // The whole tag, because an attribute may stand before the identifier.
        let open = text[..<start.lowerBound].lastIndex(of: "<") ?? text.startIndex
        let close = text[start.upperBound...].firstIndex(of: ">") ?? text.endIndex
        text = text[open..<close]
      }
      guard let start = text.firstRange(of: " \(name)=\"") else { return nil }
      return String(text[start.upperBound...].prefix { $0 != "\"" })
    }
  }

  /// The program, or `nil` where there is none.
  static let program: String? = {
    let names = ["chromium", "chromium-browser", "google-chrome"]
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.flatMap { folder in names.map { "\(folder)/\($0)" } }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  /// Opens a file and waits until its scripts have run.
  /// - Parameter fragment: What stands after `#`.
  static func open(_ file: URL, fragment: String = "", options: [String] = []) throws -> Page {
    let profile = FileManager.default.temporaryDirectory.appending(path: "browser-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: profile) }
    let process = Process()
    process.executableURL = URL(filePath: try #require(program))
    process.arguments =
      [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr", "--dump-dom",
        "--virtual-time-budget=8000", "--window-size=1200,900", "--user-data-dir=\(profile.path)",
      ] + options + ["\(file.absoluteString)\(fragment.isEmpty ? "" : "#\(fragment)")"]
    let (output, errors) = (profile.appending(path: "out"), profile.appending(path: "err"))
    try FileManager.default.createDirectory(at: profile, withIntermediateDirectories: true)
    // Files instead of pipes: nobody has to empty them while the browser runs.
    for place in [output, errors] { try Data().write(to: place) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    let messages = String(decoding: try Data(contentsOf: errors), as: UTF8.self)
    return Page(
      document: String(decoding: try Data(contentsOf: output), as: UTF8.self),
      console: messages.split(separator: "\n").map(String.init).filter { $0.contains("CONSOLE") })
  }
}
