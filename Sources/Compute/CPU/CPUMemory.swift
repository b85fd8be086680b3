import Synchronization
import Tensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How much memory a device holds.
public struct MemoryUse: Hashable, Sendable {
  /// Bytes in tensors that are alive.
  public var current = 0
  /// The most that `current` has been.
  public var peak = 0
  /// Bytes kept for the next tensors.
  public var idle = 0
}

/// Memory of the processor for tensors, kept when a tensor dies and given to the next one of about its size.
///
/// Layers ask for the same sizes again and again: after the first one nothing is allocated, and no page is touched for
/// the first time.
final class CPUMemory: Sendable {
  /// A stretch of memory; whoever holds it owns it.
  @safe
  struct Block: @unchecked Sendable {
    let address: UnsafeMutableRawPointer
  }

  private struct State {
    var use = MemoryUse()
    var free: [Int: [Block]] = [:]
  }

  private let state = Mutex(State())
  /// From this size on a request is compared with what the system has; asking it takes some microseconds.
  private static let bigByteCount = 32 << 20
  /// From this size on blocks begin with a huge page, of which the system clears 512 pages at once.
  private static let hugeByteCount = 4 << 20
  /// What is kept beyond a quarter of what is in use.
  static let idleSlack = 96 << 20
  /// The most that living tensors may take.
  private let limit: Int?
  /// The most that is kept: a quarter of the machine's memory, so that a phase leaves room for the next.
  private let idleLimit = sysconf(Int32(_SC_PHYS_PAGES)) / 4 * sysconf(Int32(_SC_PAGESIZE))

  init(limit: Int?) {
    self.limit = limit
  }

  deinit { trim() }

  var use: MemoryUse { state.withLock { $0.use } }

  /// Sizes are rounded up to an eighth of the power of two below: at most 12.5 % is lost.
  static func capacity(_ byteCount: Int) -> Int {
    let bytes = max(byteCount, 64)
    let power = 1 << (Int.bitWidth - 1 - bytes.leadingZeroBitCount)
    let unit = max(64, power / 8)
    return (bytes + unit - 1) / unit * unit
  }

  /// Memory with arbitrary contents.
  func take(_ byteCount: Int) throws(ComputeError) -> CPUStorage {
    let capacity = Self.capacity(byteCount)
    let reused: Block? = state.withLock { state in
      guard let block = state.free[capacity]?.popLast() else { return nil }
      state.use.idle -= capacity
      return block
    }
    let block: Block
    if let reused {
      block = reused
    } else {
      release(toMakeRoomFor: capacity)
      block = try allocate(capacity)
    }
    state.withLock { state in
      state.use.current += capacity
      state.use.peak = max(state.use.peak, state.use.current)
    }
    return CPUStorage(byteCount: byteCount, capacity: capacity, block: block, memory: self)
  }

  /// Takes back the memory of a tensor that died, and keeps it unless much is kept already.
  func give(_ block: Block, capacity: Int) {
    let isKept = state.withLock { state in
      state.use.current -= capacity
      guard state.use.idle + capacity <= idleLimit else { return false }
      state.use.idle += capacity
      state.free[capacity, default: []].append(block)
      return true
    }
    if !isKept { unsafe free(block.address) }
  }

  /// Returns idle blocks of other sizes, the biggest first, where a new one would make the whole larger than
  /// `idleSlack` and a quarter more than what was ever in use at once.
  ///
  /// Without it every size that a network uses anywhere would be kept for good: the decoder, whose sizes change from
  /// block to block and from the first frames to the next, took three times the memory that it uses. The slack is for
  /// small models, whose layers use several times in turn what they use at once: without it they lose blocks in each
  /// layer that the next one wants, and the system clears the pages of every new one.
  private func release(toMakeRoomFor capacity: Int) {
    let blocks = state.withLock { state in
      let most = max(state.use.peak, state.use.current + capacity) / 4 * 5 + Self.idleSlack
      var blocks: [Block] = []
      for size in state.free.keys.sorted(by: >) {
        while state.use.current + state.use.idle + capacity > most, let block = state.free[size]?.popLast() {
          state.use.idle -= size
          blocks.append(block)
        }
      }
      return blocks
    }
    for block in blocks { unsafe free(block.address) }
  }

  /// Returns all idle memory to the system.
  func trim() {
    let blocks = state.withLock { state in
      let blocks = state.free.values.flatMap { $0 }
      state.free = [:]
      state.use.idle = 0
      return blocks
    }
    for block in blocks { unsafe free(block.address) }
  }

  /// Asks the system. It would grant more than it has and end the process later, so big requests are compared with
  /// what is there first; memory that is merely kept goes back before a request is refused.
  private func allocate(_ capacity: Int) throws(ComputeError) -> Block {
    let use = self.use
    if let limit, use.current + capacity > limit {
      throw outOfMemory(capacity, available: max(0, limit - use.current))
    }
    if let limit, use.current + use.idle + capacity > limit { trim() }
    try expect(capacity)
    guard let address = unsafe aligned(capacity, to: capacity >= Self.hugeByteCount ? 2 << 20 : 64) else {
      throw outOfMemory(capacity, available: availableMemory() ?? 0)
    }
    return unsafe Block(address: address)
  }

  /// Throws when the system cannot give so much, also when it would say that it can: for whoever allocates it.
  func expect(_ byteCount: Int) throws(ComputeError) {
    guard byteCount >= Self.bigByteCount else { return }
    if let available = availableMemory(), available < byteCount { trim() }
    if let available = availableMemory(), available < byteCount {
      throw outOfMemory(byteCount, available: available)
    }
  }

  private func aligned(_ byteCount: Int, to alignment: Int) -> UnsafeMutableRawPointer? {
    var address: UnsafeMutableRawPointer?
    guard unsafe posix_memalign(&address, alignment, byteCount) == 0 else { return nil }
    #if os(Linux)
      if alignment > 64 { _ = unsafe madvise(address, byteCount, MADV_HUGEPAGE) }
    #endif
    return unsafe address
  }

  private func outOfMemory(_ wanted: Int, available: Int) -> ComputeError {
    ComputeError(
      .outOfMemory,
      "\(wanted >> 20) MiB of memory are needed and \(available >> 20) MiB are available: "
        + "choose a smaller video, or free memory")
  }
}

/// The memory of a tensor; it goes back to its ``CPUMemory`` with the last tensor that looks into it.
///
/// `@unchecked Sendable` for the reason that `HostStorage` gives.
@safe
final class CPUStorage: TensorStorage, @unchecked Sendable {
  let byteCount: Int
  private let capacity: Int
  private let block: CPUMemory.Block
  private let memory: CPUMemory

  init(byteCount: Int, capacity: Int, block: CPUMemory.Block, memory: CPUMemory) {
    self.byteCount = byteCount
    self.capacity = capacity
    self.block = block
    self.memory = memory
  }

  var hostAddress: UnsafeMutableRawPointer? { unsafe block.address }

  deinit { memory.give(block, capacity: capacity) }
}
