/// Seconds that the same work took, round by round.
public struct Samples: Hashable, Sendable {
  /// One time for each round, in the order of the rounds.
  public private(set) var seconds: [Double]

  /// Creates samples.
  public init(_ seconds: [Double] = []) {
    self.seconds = seconds
  }

  /// Adds the time of a round.
  mutating func append(_ time: Double) { seconds.append(time) }

  /// The median; of an even number the mean of the middle two; 0 without rounds.
  public var median: Double { quantile(0.5) }

  /// The middle half, relative to the median: how far rounds differ on this machine at this time.
  public var spread: Double { median == 0 ? 0 : (quantile(0.75) - quantile(0.25)) / median }

  /// The shortest time; 0 without rounds.
  public var minimum: Double { seconds.min() ?? 0 }

  /// Linear between neighbors.
  private func quantile(_ share: Double) -> Double {
    guard !seconds.isEmpty else { return 0 }
    let sorted = seconds.sorted()
    let place = share * Double(sorted.count - 1)
    let (low, high) = (Int(place), min(Int(place) + 1, sorted.count - 1))
    return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
  }
}

/// Work that is measured beside other work.
struct Contender {
  let name: String
  let run: () throws -> Void
}

/// Measures contenders alternately, so that what else the machine does meets all of them alike.
///
/// Every contender runs once unmeasured, which also tells how often it is repeated in a round: for at least 10 ms.
/// - Returns: The time of one run of each contender in each round.
func interleaved(rounds: Int, _ contenders: [Contender]) throws -> [Samples] {
  let repetitions = try contenders.map { contender in
    try contender.run()
    let once = try elapsed(contender.run)
    return max(1, min(1000, Int((0.01 / max(once, 1e-6)).rounded(.up))))
  }
  var samples = [Samples](repeating: Samples(), count: contenders.count)
  for _ in 0..<rounds {
    for (index, contender) in contenders.enumerated() {
      let time = try elapsed { for _ in 0..<repetitions[index] { try contender.run() } }
      samples[index].append(time / Double(repetitions[index]))
    }
  }
  return samples
}

/// The wall time of `work` in seconds.
func elapsed(_ work: () throws -> Void) rethrows -> Double { try elapsedSeconds(work).seconds }

/// What `work` gives, and the seconds that it took.
func elapsedSeconds<Result>(_ work: () throws -> Result) rethrows -> (result: Result, seconds: Double) {
  let start = ContinuousClock.now
  let result = try work()
  return (result, start.duration(to: .now) / .seconds(1))
}
