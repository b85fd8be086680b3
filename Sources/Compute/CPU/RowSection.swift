import Tensor

/// Neighboring rows that the same parameters apply to.
struct RowSection {
  let rows: Range<Int>
  /// The index of the parameters, `nil` for rows that have none.
  let index: Int?
}

/// Cuts `0..<count` into sections along ranges that have parameters.
/// - Precondition: The ranges lie inside and do not overlap.
func rowSections(_ ranges: [Range<Int>], count: Int) -> [RowSection] {
  var sections: [RowSection] = []
  var next = 0
  for (index, range) in ranges.enumerated().sorted(by: { $0.element.lowerBound < $1.element.lowerBound })
  where !range.isEmpty {
    precondition(range.lowerBound >= next && range.upperBound <= count, "rows \(range) overlap or exceed \(count)")
    if range.lowerBound > next { sections.append(RowSection(rows: next..<range.lowerBound, index: nil)) }
    sections.append(RowSection(rows: range, index: index))
    next = range.upperBound
  }
  if next < count { sections.append(RowSection(rows: next..<count, index: nil)) }
  return sections
}

/// Calls `body` with the address of a float32 tensor's elements, or with `nil`.
func withFloats<Result>(_ tensor: Tensor?, _ body: (UnsafePointer<Float>?) throws -> Result) rethrows -> Result {
  guard let tensor else { return try body(nil) }
  precondition(tensor.elementType == .float32, "parameters are float32, not \(tensor)")
  return try unsafe tensor.withHostPointer { address in
    try unsafe body(UnsafePointer(address.assumingMemoryBound(to: Float.self)))
  }
}
