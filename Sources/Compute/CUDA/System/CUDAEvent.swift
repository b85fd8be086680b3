import CCUDA

/// A mark in the stream.
final class CUDAEvent: Sendable {
  private let context: CUDAContext
  private let handle: CUDAHandle

  /// Makes an event.
  /// - Parameter isTimed: Whether times between events are asked for.
  init(_ context: CUDAContext, isTimed: Bool) throws(ComputeError) {
    var handle: svg_cuda_handle?
    // `CU_EVENT_DISABLE_TIMING` is 2.
    try context.call("making an event") { functions, _ in unsafe functions.cuEventCreate(&handle, isTimed ? 0 : 2) }
    self.context = context
    unsafe self.handle = CUDAHandle(handle)
  }

  deinit { context.callQuietly { functions, _ in _ = unsafe functions.cuEventDestroy(handle.pointer) } }

  /// Sets the mark behind everything that the stream was given so far.
  func record() throws(ComputeError) {
    try context.call("recording an event") { functions, stream in
      unsafe functions.cuEventRecord(handle.pointer, stream.pointer)
    }
  }

  /// Waits until the stream has reached the mark.
  func wait() throws(ComputeError) {
    try context.wait { functions, _ in unsafe functions.cuEventSynchronize(handle.pointer) }
  }

  /// The seconds from an earlier mark to this one; both have been reached.
  func seconds(since earlier: CUDAEvent) throws(ComputeError) -> Double {
    var milliseconds: Float = 0
    try context.call("reading an event") { functions, _ in
      unsafe functions.cuEventElapsedTime(&milliseconds, earlier.handle.pointer, handle.pointer)
    }
    return Double(milliseconds) / 1000
  }
}
