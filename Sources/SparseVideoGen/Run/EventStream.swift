/// What happens while a generator works, as an asynchronous sequence.
///
/// The sequence ends after the last event, or throws: `CancellationError` after ``cancel()``, otherwise what went wrong.
/// When nobody reads it any more, or the reading task is canceled, the work stops too.
public struct EventStream<Element: Sendable>: AsyncSequence, Sendable {
  private let stream: AsyncThrowingStream<Element, any Error>
  private let task: Task<Void, Never>

  /// Starts work that sends events.
  init(_ work: @escaping @Sendable (_ send: @escaping @Sendable (Element) -> Void) async throws -> Void) {
    let (stream, continuation) = AsyncThrowingStream<Element, any Error>.makeStream()
    let task = Task {
      do {
        try await work { continuation.yield($0) }
        continuation.finish()
      } catch {
        continuation.finish(throwing: error)
      }
    }
    continuation.onTermination = { termination in
      if case .cancelled = termination { task.cancel() }
    }
    self.stream = stream
    self.task = task
  }

  /// Asks the work to stop after the layer that runs; events that still come, such as the latents that are saved, can
  /// be read.
  public func cancel() {
    task.cancel()
  }

  /// Reads the events; there is one reader.
  public func makeAsyncIterator() -> AsyncThrowingStream<Element, any Error>.Iterator {
    stream.makeAsyncIterator()
  }
}
