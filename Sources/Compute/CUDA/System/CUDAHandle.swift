import CCUDA

/// What a library of NVIDIA's calls an object of its own: opaque, and never looked into.
///
/// `@unchecked Sendable`: it never changes, and the driver may be called from any thread.
@safe
struct CUDAHandle: @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer
  /// The pointer as a number, as attributes hold it.
  var bits: UInt { unsafe UInt(bitPattern: pointer) }

  /// Wraps what a function of the library wrote.
  /// - Precondition: The function succeeded.
  init(_ pointer: UnsafeMutableRawPointer?) {
    guard let pointer = unsafe pointer else { preconditionFailure("what a library made exists") }
    unsafe self.pointer = pointer
  }
}
