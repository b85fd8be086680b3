extension ComparisonReport {
  /// The means and spreads of several comparisons as a table; no line break at the end.
  /// - Parameter width: Columns of the terminal; `nil` where lines have no end.
  public func summaryText(width: Int? = nil) -> String { curveTable.text(width: width) }

  /// The report as plain text; no line break at the end.
  /// - Parameter width: Columns of the terminal, which tables and sentences are fitted to; `nil` where lines have no
  ///   end.
  public func text(width: Int? = nil) -> String {
    let nameWidth = headlines.map { $0.name.count }.max() ?? 0
    var parts = [
      wrapped("\"\(prompt)\", seed \(seed)", width: width),
      runTable.text(width: width),
      phaseTable.text(width: width),
      headlines.map { line in
        let name = line.name + String(repeating: " ", count: nameWidth - line.name.count)
        return wrapped("\(name)  \(line.value)  (\(line.note))", width: width, indentation: nameWidth + 2)
      }.joined(separator: "\n"),
    ]
    if let counts = heads?.headCounts {
      let text = "head calls: \(counts.dense) dense, \(counts.spatial) spatial, \(counts.temporal) temporal"
      parts.append(wrapped(text, width: width))
    }
    if !curve.isEmpty { parts.append(curveTable.text(width: width)) }
    return parts.joined(separator: "\n\n")
  }
}

/// A line that is broken between words where it would be longer than `width`; spaces inside its parts are kept.
/// - Parameter indentation: Spaces in front of what goes on.
private func wrapped(_ line: String, width: Int?, indentation: Int = 0) -> String {
  guard let width, line.count > width else { return line }
  var lines = [""]
  for (index, word) in line.split(separator: " ", omittingEmptySubsequences: false).enumerated() {
    let longer = lines[lines.count - 1] + (index > 0 ? " " : "") + word
    if longer.count > width, lines[lines.count - 1].contains(where: { $0 != " " }) {
      lines.append(String(repeating: " ", count: indentation) + word)
    } else {
      lines[lines.count - 1] = longer
    }
  }
  return lines.joined(separator: "\n")
}
