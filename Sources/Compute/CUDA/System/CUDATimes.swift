import Synchronization

/// Books the time between marks in the stream under the kind of the operation that ends at the later one. Nothing waits
/// until the times are asked for.
///
/// Operations that follow one another share a mark, and those of one kind have no mark between them: marks and reading
/// them were a quarter of the processor's time for a step of a small model. So what a GPU that is ahead of the processor
/// waits counts for the operation that it waits for, but not where the processor has waited for the GPU before.
final class CUDATimes: Sendable {
  private struct Stretch {
    let kind: OperationKind
    let start, end: CUDAEvent
  }

  private struct State {
    var booked = OperationTimes()
    var stretches: [Stretch] = []
    /// The mark behind the last operation; none after an interruption.
    var last: CUDAEvent?
    var spare: [CUDAEvent] = []
  }

  /// From so many stretches on the older half is booked: it has been reached long ago.
  private static let most = 4096

  private let context: CUDAContext
  private let state = Mutex(State())

  init(_ context: CUDAContext) {
    self.context = context
  }

  /// Gives `work` to the stream and books its time under `kind`.
  func measure<Result>(_ kind: OperationKind, _ work: () throws -> Result) throws -> Result {
    try state.withLock { state in
      if state.last == nil { state.last = try mark(&state) }
    }
    let result = try work()
    let isMany = try state.withLock { state in
      // Work that waits for the GPU itself has no end.
      guard let start = state.last else { return false }
      if let stretch = state.stretches.last, stretch.kind == kind, stretch.end === start {
        try start.record()
      } else {
        let end = try mark(&state)
        state.stretches.append(Stretch(kind: kind, start: start, end: end))
        state.last = end
      }
      return state.stretches.count >= Self.most
    }
    if isMany { book(leaving: Self.most / 2) }
    return result
  }

  /// Sets a mark.
  private func mark(_ state: inout State) throws -> CUDAEvent {
    let event = try state.spare.popLast() ?? CUDAEvent(context, isTimed: true)
    try event.record()
    return event
  }

  /// The processor has waited for the GPU: until the next operation comes, time is nobody's.
  func interrupt() {
    state.withLock { state in
      if let last = state.last, state.stretches.last?.end !== last { state.spare.append(last) }
      state.last = nil
    }
  }

  private func book(leaving kept: Int) {
    state.withLock { state in
      let count = max(0, state.stretches.count - kept)
      // All others were reached before the last. A device that fails says so in its next operation.
      if count > 0 { try? state.stretches[count - 1].end.wait() }
      for (index, stretch) in state.stretches.prefix(count).enumerated() {
        state.booked[stretch.kind] += (try? stretch.end.seconds(since: stretch.start)) ?? 0
        state.spare.append(stretch.start)
        let next = index + 1 < state.stretches.count ? state.stretches[index + 1].start : state.last
        if next !== stretch.end { state.spare.append(stretch.end) }
      }
      state.stretches.removeFirst(count)
    }
  }

  /// Where time went; waits for the GPU.
  var times: OperationTimes {
    interrupt()
    book(leaving: 0)
    return state.withLock { $0.booked }
  }

  /// Sets all times to zero.
  func reset() {
    interrupt()
    book(leaving: 0)
    state.withLock { $0.booked = OperationTimes() }
  }
}
