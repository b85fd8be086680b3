/// A stretch of memory that tensors look into and that frees itself when the last of them is gone.
///
/// The processor's memory conforms here (``HostStorage``, a checkpoint's memory map); another device brings a class
/// of its own whose `hostAddress` is `nil`.
public protocol TensorStorage: AnyObject, Sendable {
  /// The size of the memory in bytes.
  var byteCount: Int { get }

  /// Where the processor finds the memory, or `nil` when it cannot reach it.
  var hostAddress: UnsafeMutableRawPointer? { get }

  /// Lets go of the memory of some bytes where the same values can be had again from elsewhere: a mapped file drops its
  /// pages. Does nothing in storage that holds the only copy.
  func release(_ bytes: Range<Int>)
}

extension TensorStorage {
  /// Does nothing: most storage holds the only copy.
  public func release(_ bytes: Range<Int>) {}
}

/// Memory of the processor, aligned to a cache line and to the widest vector register (64 bytes).
///
/// `@unchecked Sendable`: the address never changes, and the contents follow the rule of ``Tensor``: one operation
/// fills them before anybody else sees the tensor, and only an `inout` operand is written again.
@safe
public final class HostStorage: TensorStorage, @unchecked Sendable {
  /// The size of the memory in bytes.
  public let byteCount: Int
  private let address: UnsafeMutableRawPointer

  /// Allocates memory with arbitrary contents.
  /// - Parameter byteCount: The size in bytes; zero is allowed.
  public init(byteCount: Int) {
    precondition(byteCount >= 0, "a storage has no negative size: \(byteCount)")
    self.byteCount = byteCount
    unsafe address = .allocate(byteCount: max(byteCount, 1), alignment: 64)
  }

  /// The first byte.
  public var hostAddress: UnsafeMutableRawPointer? { unsafe address }

  deinit {
    unsafe address.deallocate()
  }
}
