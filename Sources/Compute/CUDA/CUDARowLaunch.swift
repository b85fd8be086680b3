import Tensor

/// Neighboring sections of rows that one launch takes, two at most: each has parameters of its own, as text and video
/// have.
struct CUDARowLaunch {
  /// The sections, one after the other.
  let sections: ArraySlice<RowSection>

  /// Launches for all of `0..<count`.
  /// - Parameter ranges: The rows that have parameters.
  static func launches(_ ranges: [Range<Int>], count: Int) -> [CUDARowLaunch] {
    let sections = rowSections(ranges, count: count)
    return stride(from: 0, to: sections.count, by: 2).map {
      CUDARowLaunch(sections: sections[$0..<min($0 + 2, sections.count)])
    }
  }

  /// The first row.
  var firstRow: Int { sections.first?.rows.lowerBound ?? 0 }
  /// All rows.
  var rowCount: Int { sections.reduce(0) { $0 + $1.rows.count } }
  /// The rows of the first section.
  var firstRows: Int { sections.first?.rows.count ?? 0 }

  /// Puts the parameters of both sections, null where there are none.
  /// - Parameter tensor: Those of the range with an index.
  func addresses(_ tensor: (Int) -> Tensor, to parameters: inout CUDAParameters) {
    for section in [sections.first, sections.dropFirst().first] {
      parameters.pointer(section?.index.map { tensor($0).deviceAddress })
    }
  }
}
