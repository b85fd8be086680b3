import Dispatch
import Synchronization

/// Changes a value on a thread of its own, one change after the other, while the caller goes on.
///
/// So the processor blends what was decoded while the device decodes what comes next.
final class BackgroundWork<Value: Sendable>: Sendable {
  private let value: Mutex<Value>
  private let queue = DispatchQueue(label: "SparseVideoGen.BackgroundWork", qos: .userInitiated)

  init(_ value: Value) { self.value = Mutex(value) }

  /// Begins a change when all earlier ones are done: what they need is let go of, and memory does not pile up.
  func change(_ body: @escaping @Sendable (inout Value) -> Void) {
    queue.sync {}
    queue.async { self.value.withLock { body(&$0) } }
  }

  /// The value after all changes.
  func finished() -> Value {
    queue.sync {}
    return value.withLock { $0 }
  }
}
