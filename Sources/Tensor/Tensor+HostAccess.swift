/// Elements that the processor reads and writes directly.
public protocol HostElement: BitwiseCopyable, Sendable {
  /// The element type that a tensor of these elements has.
  static var elementType: ElementType { get }
}

extension Float: HostElement {
  /// `float32`.
  public static var elementType: ElementType { .float32 }
}

extension Int32: HostElement {
  /// `int32`.
  public static var elementType: ElementType { .int32 }
}

extension Tensor {
  /// Creates a tensor in the processor's memory with arbitrary contents.
  public static func host(_ shape: Shape, _ elementType: ElementType) -> Tensor {
    Tensor(
      storage: HostStorage(byteCount: shape.count * elementType.byteCount), shape: shape, elementType: elementType)
  }

  /// Creates a tensor in the processor's memory.
  /// - Precondition: `elements` has as many elements as `shape`.
  public init<Element: HostElement>(_ elements: [Element], shape: Shape) {
    precondition(elements.count == shape.count, "\(elements.count) elements do not fill \(shape)")
    self = .host(shape, Element.elementType)
    withMutableSpan(of: Element.self) { span in
      for index in elements.indices { span[index] = elements[index] }
    }
  }

  /// Whether the processor can reach the elements.
  public var isHostAccessible: Bool { unsafe storage.hostAddress != nil }

  /// Calls `body` with the address of the first element.
  ///
  /// For the border files that hand memory to C. The memory must not be written through the pointer unless the tensor
  /// is an `inout` operand or was just made.
  /// - Precondition: The processor can reach the elements.
  public func withHostPointer<Result, Failure: Error>(
    _ body: (UnsafeMutableRawPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard let base = unsafe storage.hostAddress else {
      preconditionFailure("\(self) is not in the processor's memory")
    }
    defer { withExtendedLifetime(storage) {} }
    return try unsafe body(base + byteOffset)
  }

  /// Calls `body` with the elements, row-major.
  /// - Precondition: `elementType` is that of `Element` and the processor can reach the elements.
  public func withSpan<Element: HostElement, Result, Failure: Error>(
    of type: Element.Type, _ body: (Span<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(elementType == Element.elementType, "\(self) does not hold \(Element.elementType)")
    return try unsafe withHostPointer { (address) throws(Failure) in
      let elements = unsafe UnsafeBufferPointer(
        start: address.assumingMemoryBound(to: Element.self), count: shape.count)
      return try body(unsafe elements.span)
    }
  }

  /// Calls `body` with the elements, row-major, to be written.
  /// - Precondition: `elementType` is that of `Element`, the processor can reach the elements, and nobody else uses
  ///   them.
  public func withMutableSpan<Element: HostElement, Result, Failure: Error>(
    of type: Element.Type, _ body: (inout MutableSpan<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(elementType == Element.elementType, "\(self) does not hold \(Element.elementType)")
    return try unsafe withHostPointer { (address) throws(Failure) in
      let elements = unsafe UnsafeMutableBufferPointer(
        start: address.assumingMemoryBound(to: Element.self), count: shape.count)
      var span = unsafe elements.mutableSpan
      return try body(&span)
    }
  }
}
