import Foundation

/// The page without its figures: the files of this folder, put together.
enum ReportTemplate {
  /// The page with everything in its place.
  /// - Parameters:
  ///   - title: Any text.
  ///   - data: JSON in UTF-8.
  static func filled(title: String, data: Data) -> Data {
    let scripts = [
      PackageResources.charts_js, PackageResources.videos_js, PackageResources.heads_js, PackageResources.report_js,
    ]
    let parts: [String: Data] = [
      "title": Data(escapedForHTML(title).utf8),
      "style": Data(PackageResources.report_css),
      "data": escapedForScript(data),
      "script": Data("(() => {\n\"use strict\";\n".utf8) + Data(scripts.joined()) + Data("})();\n".utf8),
    ]
    // Cut at the marks of the template alone: a mark inside a prompt is text like any other.
    var page = Data()
    var rest = PackageResources.report_html[...]
    while let mark = rest.firstRange(of: Array("{{".utf8)), let end = rest.firstRange(of: Array("}}".utf8)) {
      page += rest[..<mark.lowerBound]
      let name = String(decoding: rest[mark.upperBound..<end.lowerBound], as: UTF8.self)
      guard let part = parts[name] else { preconditionFailure("the page has a mark without a meaning: \(name)") }
      page += part
      rest = rest[end.upperBound...]
    }
    return page + rest
  }

  /// Text that means itself between tags.
  static func escapedForHTML(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }

  /// JSON that cannot end the script element it stands in, nor a line of JavaScript: `<` can open `</script>` and
  /// `<!--`, and U+2028 and U+2029 end a line. All three occur in strings only, where an escape means the same.
  static func escapedForScript(_ json: Data) -> Data {
    let bytes = [UInt8](json)
    var result = Data(capacity: json.count + json.count / 64)
    var copied = 0
    for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "<") || byte == 0xE2 {
      let escape: (text: String, length: Int)
      if byte == UInt8(ascii: "<") {
        escape = ("\\u003c", 1)
      } else if bytes[index...].starts(with: [0xE2, 0x80, 0xA8]) {
        escape = ("\\u2028", 3)
      } else if bytes[index...].starts(with: [0xE2, 0x80, 0xA9]) {
        escape = ("\\u2029", 3)
      } else {
        continue
      }
      result += bytes[copied..<index] + Array(escape.text.utf8)
      copied = index + escape.length
    }
    result += bytes[copied...]
    return result
  }
}
