/// The extents of a tensor, outermost first; the last dimension is contiguous in memory.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  /// The extents, outermost first. None is negative; an empty list is a scalar.
  public let dimensions: [Int]

  /// Creates a shape from its extents.
  /// - Precondition: No extent is negative and their product fits in `Int`.
  public init(_ dimensions: [Int]) {
    precondition(dimensions.allSatisfy { $0 >= 0 }, "a shape has no negative extents: \(dimensions)")
    self.dimensions = dimensions
  }

  /// Creates a shape from a list of extents.
  public init(arrayLiteral elements: Int...) {
    self.init(elements)
  }

  /// The number of elements: the product of the extents, 1 for a scalar.
  public var count: Int { dimensions.reduce(1, *) }

  /// The number of dimensions.
  public var rank: Int { dimensions.count }

  /// The extent at `index`; a negative index counts from the end, -1 being the innermost.
  public subscript(index: Int) -> Int {
    dimensions[index < 0 ? dimensions.count + index : index]
  }

  /// The number of rows when the last dimension is taken as the row: `count / self[-1]`.
  public var rows: Int { dimensions.dropLast().reduce(1, *) }

  /// For example `[2, 3328, 64]`.
  public var description: String { "[" + dimensions.map(String.init).joined(separator: ", ") + "]" }
}
