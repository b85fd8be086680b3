/// The speed-up that computing fewer query-key pairs can give at best, by Amdahl's law: `1 / ((1 − a) + a·d)`.
///
/// Everything but attention takes as long as before, attention takes the density's share of its time, and finding and
/// applying the patterns is free. A measured speed-up beyond this means that something else differs between the runs.
/// - Parameters:
///   - attentionShare: `a`, the share of the dense run's time that attention takes, in `0...1`.
///   - density: `d`, the fraction of pairs that is computed over the whole run, in `0...1`.
/// - Returns: At least 1; infinite when attention is everything and nothing of it is computed.
/// - Precondition: Both lie in `0...1`.
public func attainableSpeedUp(attentionShare: Double, density: Double) -> Double {
  precondition((0...1).contains(attentionShare), "an attention share lies in 0...1: \(attentionShare)")
  precondition((0...1).contains(density), "a density lies in 0...1: \(density)")
  return 1 / ((1 - attentionShare) + attentionShare * density)
}
