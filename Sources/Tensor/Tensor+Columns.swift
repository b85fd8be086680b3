extension Tensor {
  /// A copy of some columns of a matrix, in the processor's memory.
  /// - Precondition: The tensor has two dimensions, the processor can reach it, and it has these columns.
  public func columns(_ range: Range<Int>) -> Tensor {
    precondition(
      shape.rank == 2 && range.lowerBound >= 0 && range.upperBound <= shape[1], "\(self) has no columns \(range)")
    let result = Tensor.host([shape[0], range.count], elementType)
    let (rowBytes, width) = (shape[1] * elementType.byteCount, range.count * elementType.byteCount)
    unsafe withHostPointer { source in
      unsafe result.withHostPointer { target in
        for row in 0..<shape[0] {
          unsafe (target + row * width).copyMemory(
            from: source + row * rowBytes + range.lowerBound * elementType.byteCount, byteCount: width)
        }
      }
    }
    return result
  }
}
