import CCUDA
import Synchronization

/// The way between the processor's memory and the GPU: pinned memory that the GPU copies from while the processor fills
/// the next part.
final class CUDAStaging: Sendable {
  /// Bytes of a part; many threads fill one.
  ///
  /// A thread copies some 4 GB/s out of a mapped file (5 on one processor that does nothing else), and a bus takes 55: four
  /// threads reached a quarter of a plain copy on an H200.
  static let partBytes = 16 << 20
  private static let partCount = 4

  private struct State {
    /// The part that is filled now, and how much of it.
    var part = 0
    var used = 0
  }

  private let context: CUDAContext
  private let workers = CPUWorkers(threads: 16)
  /// The pinned memory, used under the lock alone.
  private let memory: CUDAHandle
  /// For each part a mark behind the last copy from it.
  private let events: [CUDAEvent]
  private let state = Mutex(State())

  init(_ context: CUDAContext) throws(ComputeError) {
    var memory: UnsafeMutableRawPointer?
    try context.call("pinning memory") { functions, _ in
      unsafe functions.cuMemHostAlloc(&memory, Self.partBytes * Self.partCount, 0)
    }
    self.context = context
    unsafe self.memory = CUDAHandle(memory)
    var events: [CUDAEvent] = []
    for _ in 0..<Self.partCount { events.append(try CUDAEvent(context, isTimed: false)) }
    self.events = events
  }

  deinit { context.callQuietly { functions, _ in _ = unsafe functions.cuMemFreeHost(memory.pointer) } }

  /// Copies to the GPU. `source` may be reused on return; the GPU has the bytes when the stream comes to them.
  func upload(_ source: UnsafeRawPointer, byteCount: Int, to address: UInt64) throws {
    var done = 0
    while done < byteCount {
      let size = min(byteCount - done, Self.partBytes)
      try state.withLock { state in
        if state.used + size > Self.partBytes {
          state.part = (state.part + 1) % Self.partCount
          state.used = 0
          try events[state.part].wait()
        }
        let target = unsafe memory.pointer + state.part * Self.partBytes + state.used
        unsafe copy(from: source + done, to: target, byteCount: size)
        try context.call(counting: .copy, "copying to the GPU") { functions, stream in
          unsafe functions.cuMemcpyHtoDAsync(address + UInt64(done), target, size, stream.pointer)
        }
        try events[state.part].record()
        state.used += (size + 255) / 256 * 256
      }
      done += size
    }
  }

  /// Copies from the GPU and waits for it.
  func download(_ address: UInt64, byteCount: Int, to target: UnsafeMutableRawPointer) throws {
    try state.withLock { state in
      // Parts may be under way to the GPU; what comes from there is written behind that, in the order of the stream.
      let all = Self.partBytes * Self.partCount
      var done = 0
      while done < byteCount {
        let size = min(byteCount - done, all)
        try context.call(counting: .copy, "copying from the GPU") { functions, stream in
          unsafe functions.cuMemcpyDtoHAsync(memory.pointer, address + UInt64(done), size, stream.pointer)
        }
        try context.synchronize()
        unsafe copy(from: memory.pointer, to: target + done, byteCount: size)
        done += size
      }
      // The last wait was one for every copy.
      state = State()
    }
  }

  private func copy(from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, byteCount: Int) {
    workers.run(count: byteCount, grain: 1 << 20) { range in
      unsafe (target + range.lowerBound).copyMemory(from: source + range.lowerBound, byteCount: range.count)
    }
  }
}
