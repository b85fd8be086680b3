import CCUDA
import Synchronization

/// The way between the processor's memory and the GPU: pinned memory that the GPU copies from while the processor fills
/// the next part.
///
/// A thread copies 4 to 8 GB/s out of a mapped file, a bus takes 55, and threads that meet after each part lose as much as
/// they win. So each thread fills a slot of its own and hands it over itself.
final class CUDAStaging: Sendable {
  /// Bytes that are copied in the thread of the caller, together with others.
  private static let smallBytes = 1 << 20
  /// Parts for small copies. A step takes some 100 kB, so that nothing ever waits for the GPU before it has copied.
  private static let smallParts = 4
  /// Bytes that a thread copies at a time.
  private static let slotBytes = 2 << 20
  private static let slotCount = 32

  /// A piece of the pinned memory that one thread at a time fills.
  private final class Slot: Sendable {
    /// Behind the last copy from it.
    let event: CUDAEvent
    let isFilling = Mutex(())

    init(_ context: CUDAContext) throws(ComputeError) { event = try CUDAEvent(context, isTimed: false) }
  }

  private struct State {
    /// The slot that comes next: each is needed again as late as can be.
    var slot = 0
    /// The part for small copies that is filled now, and how much of it.
    var part = 0
    var used = 0
  }

  private let context: CUDAContext
  private let workers = CPUWorkers(threads: 16)
  /// The pinned memory: the slots, then the parts for small copies.
  private let memory: CUDAHandle
  private let slots: [Slot]
  /// For each part a mark behind the last copy from it.
  private let events: [CUDAEvent]
  /// Whoever copies holds it.
  private let state = Mutex(State())

  init(_ context: CUDAContext) throws(ComputeError) {
    var memory: UnsafeMutableRawPointer?
    let byteCount = Self.slotBytes * Self.slotCount + Self.smallBytes * Self.smallParts
    try context.call("pinning memory") { functions, _ in unsafe functions.cuMemHostAlloc(&memory, byteCount, 0) }
    self.context = context
    unsafe self.memory = CUDAHandle(memory)
    var slots: [Slot] = []
    for _ in 0..<Self.slotCount { slots.append(try Slot(context)) }
    self.slots = slots
    var events: [CUDAEvent] = []
    for _ in 0..<Self.smallParts { events.append(try CUDAEvent(context, isTimed: false)) }
    self.events = events
  }

  deinit { context.callQuietly { functions, _ in _ = unsafe functions.cuMemFreeHost(memory.pointer) } }

  /// Copies to the GPU. `source` may be reused on return; the GPU has the bytes when the stream comes to them.
  func upload(_ source: UnsafeRawPointer, byteCount: Int, to address: UInt64) throws {
    try state.withLock { state in
      if byteCount <= Self.smallBytes {
        unsafe try uploadSmall(source, byteCount: byteCount, to: address, &state)
      } else {
        let first = state.slot
        state.slot = (first + (byteCount + Self.slotBytes - 1) / Self.slotBytes) % Self.slotCount
        try workers.run(count: byteCount, grain: Self.slotBytes) { range in
          let index = (first + range.lowerBound / Self.slotBytes) % Self.slotCount
          try slots[index].isFilling.withLock { _ in
            try slots[index].event.wait()
            let target = unsafe memory.pointer + index * Self.slotBytes
            unsafe target.copyMemory(from: source + range.lowerBound, byteCount: range.count)
            unsafe try send(target, byteCount: range.count, to: address + UInt64(range.lowerBound))
            try slots[index].event.record()
          }
        }
      }
    }
  }

  private func uploadSmall(
    _ source: UnsafeRawPointer, byteCount: Int, to address: UInt64, _ state: inout State
  ) throws {
    if state.used + byteCount > Self.smallBytes {
      state.part = (state.part + 1) % Self.smallParts
      state.used = 0
      try events[state.part].wait()
    }
    let first = Self.slotBytes * Self.slotCount + state.part * Self.smallBytes
    let target = unsafe memory.pointer + first + state.used
    unsafe target.copyMemory(from: source, byteCount: byteCount)
    unsafe try send(target, byteCount: byteCount, to: address)
    try events[state.part].record()
    state.used += (byteCount + 255) / 256 * 256
  }

  private func send(_ source: UnsafeMutableRawPointer, byteCount: Int, to address: UInt64) throws(ComputeError) {
    try context.call(counting: .copy, "copying to the GPU") { functions, stream in
      unsafe functions.cuMemcpyHtoDAsync(address, source, byteCount, stream.pointer)
    }
  }

  /// Copies from the GPU and waits for it.
  func download(_ address: UInt64, byteCount: Int, to target: UnsafeMutableRawPointer) throws {
    try state.withLock { _ in
      // Slots may be under way to the GPU; what comes from there is written behind that, in the order of the stream.
      let all = Self.slotBytes * Self.slotCount
      for first in stride(from: 0, to: byteCount, by: all) {
        let size = min(byteCount - first, all)
        try context.call(counting: .copy, "copying from the GPU") { functions, stream in
          unsafe functions.cuMemcpyDtoHAsync(memory.pointer, address + UInt64(first), size, stream.pointer)
        }
        try context.synchronize()
        workers.run(count: size, grain: 1 << 20) { range in
          unsafe (target + first + range.lowerBound).copyMemory(
            from: memory.pointer + range.lowerBound, byteCount: range.count)
        }
      }
    }
  }
}
