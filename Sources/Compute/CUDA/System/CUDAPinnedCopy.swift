import CCUDA

/// A plain copy from pinned memory to the GPU: the fastest way there, beside which uploads are measured.
package final class CUDAPinnedCopy {
  private let context: CUDAContext
  private let source: CUDAHandle
  private let target: CUDAStorage

  /// Takes as much memory here and there.
  /// - Throws: ``ComputeError`` when there is not so much.
  package init(_ device: CUDADevice, byteCount: Int) throws {
    context = device.context
    target = try CUDAStorage(byteCount: byteCount, context: context)
    var memory: UnsafeMutableRawPointer?
    try context.call("pinning memory") { functions, _ in unsafe functions.cuMemHostAlloc(&memory, byteCount, 0) }
    unsafe source = CUDAHandle(memory)
  }

  deinit { context.callQuietly { functions, _ in _ = unsafe functions.cuMemFreeHost(source.pointer) } }

  /// Copies all of it, and waits.
  package func run() throws {
    try context.call("copying to the GPU") { functions, stream in
      unsafe functions.cuMemcpyHtoDAsync(target.address, source.pointer, target.byteCount, stream.pointer)
    }
    try context.synchronize()
  }
}
