import Dispatch
import Synchronization

/// The one way in which this device runs tasks in parallel.
///
/// The threads are those of Dispatch, which the whole process shares and which park when there is nothing to do; no
/// library underneath starts threads of its own. Tasks are handed out one by one through a shared counter, in order, so
/// that long ones should come first. What a task computes never depends on the number of threads.
struct CPUWorkers: Sendable {
  /// How many threads work at the same time, the caller's included.
  let threads: Int

  /// Runs `body` for every task from 0 to `tasks - 1` and returns when all are done.
  /// - Throws: The error of one task; tasks that have not begun by then are left out.
  func run<Failure: Error>(_ tasks: Int, _ body: (Int) throws(Failure) -> Void) throws(Failure) {
    guard tasks > 1 && threads > 1 else {
      for task in 0..<tasks { try body(task) }
      return
    }
    let next = Atomic<Int>(0)
    let failure = Mutex<Failure?>(nil)
    withoutActuallyEscaping(body) { body in
      // Safe to share: all calls end before this function returns, and callers hand out tasks that do not interfere.
      nonisolated(unsafe) let body = body
      DispatchQueue.concurrentPerform(iterations: min(threads, tasks)) { _ in
        while true {
          let task = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard task < tasks else { return }
          do throws(Failure) {
            try unsafe body(task)
          } catch {
            failure.withLock { $0 = error }
            next.store(tasks, ordering: .relaxed)
          }
        }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// Runs `body` for ranges of at most `grain` that cover `0..<count`.
  func run<Failure: Error>(
    count: Int, grain: Int, _ body: (Range<Int>) throws(Failure) -> Void
  ) throws(Failure) {
    try run((count + grain - 1) / grain) { (task) throws(Failure) in
      try body(task * grain..<min((task + 1) * grain, count))
    }
  }
}
