import Synchronization

/// What the processor asked of a GPU since it was taken into use.
package struct CUDAActivity: Hashable, Sendable {
  /// Kernels, and calls of libraries for matrix products and convolutions.
  package var launches = 0
  /// Pieces of memory that were taken; in the long run as many are given back.
  package var allocations = 0
  /// Copies to the GPU, from it, and on it.
  package var copies = 0
  /// How often the processor waited until the GPU had come to a certain point, reached already or not.
  package var waits = 0
  /// How long it waited.
  package var waitingSeconds = 0.0

  /// What was asked between two readings.
  package static func - (later: CUDAActivity, earlier: CUDAActivity) -> CUDAActivity {
    CUDAActivity(
      launches: later.launches - earlier.launches, allocations: later.allocations - earlier.allocations,
      copies: later.copies - earlier.copies, waits: later.waits - earlier.waits,
      waitingSeconds: later.waitingSeconds - earlier.waitingSeconds)
  }
}

/// Counts what the processor asks.
final class CUDATally: Sendable {
  /// What is counted.
  enum Event {
    case launch, allocation, copy
  }

  private let launches = Atomic(0)
  private let allocations = Atomic(0)
  private let copies = Atomic(0)
  private let waits = Atomic(0)
  private let waitingNanoseconds = Atomic<Int64>(0)

  /// Counts one.
  func add(_ event: Event) {
    switch event {
    case .launch: launches.wrappingAdd(1, ordering: .relaxed)
    case .allocation: allocations.wrappingAdd(1, ordering: .relaxed)
    case .copy: copies.wrappingAdd(1, ordering: .relaxed)
    }
  }

  /// Counts a wait and its time.
  func waiting<Failure: Error>(_ wait: () throws(Failure) -> Void) throws(Failure) {
    let start = ContinuousClock.now
    defer {
      waits.wrappingAdd(1, ordering: .relaxed)
      waitingNanoseconds.wrappingAdd(Int64((ContinuousClock.now - start) / .nanoseconds(1)), ordering: .relaxed)
    }
    try wait()
  }

  /// What was counted so far.
  var activity: CUDAActivity {
    CUDAActivity(
      launches: launches.load(ordering: .relaxed), allocations: allocations.load(ordering: .relaxed),
      copies: copies.load(ordering: .relaxed), waits: waits.load(ordering: .relaxed),
      waitingSeconds: Double(waitingNanoseconds.load(ordering: .relaxed)) * 1e-9)
  }
}
