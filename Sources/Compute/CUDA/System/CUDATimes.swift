import Synchronization

/// Books the time between pairs of marks in the stream. Nothing waits until the times are asked for.
final class CUDATimes: Sendable {
  private struct Stretch {
    let kind: OperationKind
    let start, end: CUDAEvent
  }

  private struct State {
    var booked = OperationTimes()
    var stretches: [Stretch] = []
    var spare: [CUDAEvent] = []
  }

  /// From so many stretches on the older half is booked: it has been reached long ago.
  private static let most = 4096

  private let context: CUDAContext
  private let state = Mutex(State())

  init(_ context: CUDAContext) {
    self.context = context
  }

  private func marks() throws -> (start: CUDAEvent, end: CUDAEvent) {
    try state.withLock { state in
      (
        try state.spare.popLast() ?? CUDAEvent(context, isTimed: true),
        try state.spare.popLast() ?? CUDAEvent(context, isTimed: true)
      )
    }
  }

  /// Gives `work` to the stream and books its time under `kind`.
  func measure<Result>(_ kind: OperationKind, _ work: () throws -> Result) throws -> Result {
    let (start, end) = try marks()
    try start.record()
    let result = try work()
    try end.record()
    let isMany = state.withLock { state in
      state.stretches.append(Stretch(kind: kind, start: start, end: end))
      return state.stretches.count >= Self.most
    }
    if isMany { book(leaving: Self.most / 2) }
    return result
  }

  private func book(leaving kept: Int) {
    state.withLock { state in
      let count = max(0, state.stretches.count - kept)
      // All others were reached before the last. A device that fails says so in its next operation.
      if count > 0 { try? state.stretches[count - 1].end.wait() }
      for stretch in state.stretches.prefix(count) {
        state.booked[stretch.kind] += (try? stretch.end.seconds(since: stretch.start)) ?? 0
        state.spare += [stretch.start, stretch.end]
      }
      state.stretches.removeFirst(count)
    }
  }

  /// Where time went; waits for the GPU.
  var times: OperationTimes {
    book(leaving: 0)
    return state.withLock { $0.booked }
  }

  /// Sets all times to zero.
  func reset() {
    book(leaving: 0)
    state.withLock { $0.booked = OperationTimes() }
  }
}
