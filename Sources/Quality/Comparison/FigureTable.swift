/// Rows of text under a header; what the plain-text report and the page both show.
struct FigureTable: Hashable, Sendable, Encodable {
  /// The header: one text per column.
  var columns: [String]
  /// The rows, each as long as the header; the first column names the row.
  var rows: [[String]]

  /// The table as text: the first column flush left, the others flush right, two spaces between.
  /// - Parameter width: Columns of the terminal; a table that is wider becomes a list. `nil` where lines have no end.
  func text(width: Int? = nil) -> String {
    let lines = [columns] + rows
    let widths = columns.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    if let width, widths.reduce(2 * (widths.count - 1), +) > width { return list }
    return lines.map { line in
      let cells = line.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + padding : padding + cell
      }
      return cells.joined(separator: "  ").trimmingTrailingSpaces
    }.joined(separator: "\n")
  }

  /// The table for a narrow terminal: the name of each row on a line, and below it its values under their names.
  private var list: String {
    let names = columns.dropFirst()
    let width = names.map(\.count).max() ?? 0
    return rows.map { row in
      let values = zip(names, row.dropFirst()).map { name, value in
        "  " + name + String(repeating: " ", count: width - name.count) + "  " + value
      }
      return (row.prefix(1) + values).joined(separator: "\n")
    }.joined(separator: "\n")
  }
}

extension String {
  fileprivate var trimmingTrailingSpaces: String {
    String(self[..<(lastIndex { $0 != " " }.map(index(after:)) ?? startIndex)])
  }
}
