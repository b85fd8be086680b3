import Dispatch
import Foundation
import Synchronization

/// Turns Ctrl-C and a polite request to end into the cancellation of what is going on; the second time ends at once.
final class Interrupt: Sendable {
  private struct State {
    var wasRequested = false
    var cancel: (@Sendable () -> Void)?
  }

  private let state = Mutex(State())
  // Kept only to stay alive; nobody reads it after it is set.
  private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

  /// Takes over both signals.
  init() {
    let queue = DispatchQueue(label: "svgen.interrupt")
    let sources = [SIGINT, SIGTERM].map { number in
      // The signal must not end the process before the source has seen it.
      _ = signal(number, SIG_IGN)
      return DispatchSource.makeSignalSource(signal: number, queue: queue)
    }
    unsafe self.sources = sources
    for source in sources {
      source.setEventHandler { [weak self] in self?.request() }
      source.resume()
    }
  }

  /// Whether the work was asked to stop.
  var wasRequested: Bool { state.withLock { $0.wasRequested } }

  /// Runs something that an interrupt cancels.
  func cancelable<Result>(
    by cancel: @escaping @Sendable () -> Void, _ body: () async throws -> Result
  ) async throws -> Result {
    let (wasRequested, outer) = state.withLock { state in
      defer { state.cancel = cancel }
      return (state.wasRequested, state.cancel)
    }
    if wasRequested { cancel() }
    defer { state.withLock { $0.cancel = outer } }
    return try await body()
  }

  private func request() {
    let (isSecond, cancel) = state.withLock { state in
      defer { state.wasRequested = true }
      return (state.wasRequested, state.cancel)
    }
    if isSecond { _exit(130) }
    StandardError.write("\nstopping as soon as the layer that runs is done; once more stops at once\n")
    cancel?()
  }
}
