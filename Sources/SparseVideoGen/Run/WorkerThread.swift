import Dispatch

/// Runs the jobs of one actor, one after the other, on a thread of its own.
///
/// A denoising step keeps a thread busy for seconds to minutes. On the threads that Swift shares among all tasks, which
/// are only as many as there are processors, that would keep the caller's tasks waiting; jobs run here stay tasks, so
/// that cancellation reaches them.
final class WorkerThread: SerialExecutor {
  private let queue = DispatchQueue(label: "SparseVideoGen", qos: .userInitiated)

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}
