/// A dense, row-major array of numbers: a view on storage that a device owns.
///
/// A tensor is cheap to copy: copies share their storage. The operation that makes a tensor fills it before anybody
/// else sees it; afterwards only an operation that takes it `inout` may write it, and its caller vouches that no other
/// view of the same elements is in use.
public struct Tensor: Sendable, CustomStringConvertible {
  /// The memory that holds the elements, perhaps among others.
  public let storage: any TensorStorage
  /// Where the first element lies, in bytes from the start of `storage`.
  public let byteOffset: Int
  /// The extents, outermost first.
  public let shape: Shape
  /// What the elements are.
  public let elementType: ElementType

  /// Creates a view on storage.
  /// - Precondition: The elements lie inside `storage`.
  public init(storage: any TensorStorage, byteOffset: Int = 0, shape: Shape, elementType: ElementType) {
    precondition(
      byteOffset >= 0 && byteOffset + shape.count * elementType.byteCount <= storage.byteCount,
      "\(shape) of \(elementType) at byte \(byteOffset) does not fit in \(storage.byteCount) bytes")
    self.storage = storage
    self.byteOffset = byteOffset
    self.shape = shape
    self.elementType = elementType
  }

  /// Lets go of the memory that the tensor occupies where its storage can have the values again, for when they were packed
  /// or copied. The tensor stays usable.
  public func release() {
    storage.release(byteOffset..<byteOffset + byteCount)
  }

  /// The size of the elements in bytes.
  public var byteCount: Int { shape.count * elementType.byteCount }

  /// The same elements under other extents.
  /// - Precondition: The number of elements stays the same.
  public func reshaped(_ shape: Shape) -> Tensor {
    precondition(shape.count == self.shape.count, "\(self.shape) cannot be seen as \(shape)")
    return Tensor(storage: storage, byteOffset: byteOffset, shape: shape, elementType: elementType)
  }

  /// The elements whose index in the first dimension lies in `range`; a view, nothing is copied.
  /// - Precondition: `range` lies inside the first dimension.
  public func slice(_ range: Range<Int>) -> Tensor {
    precondition(
      shape.rank > 0 && range.lowerBound >= 0 && range.upperBound <= shape[0], "\(range) is not inside \(shape)")
    let stride = shape.dimensions.dropFirst().reduce(elementType.byteCount, *)
    return Tensor(
      storage: storage, byteOffset: byteOffset + range.lowerBound * stride,
      shape: Shape([range.count] + shape.dimensions.dropFirst()), elementType: elementType)
  }

  /// For example `bfloat16 [3360, 256]`.
  public var description: String { "\(elementType) \(shape)" }
}
