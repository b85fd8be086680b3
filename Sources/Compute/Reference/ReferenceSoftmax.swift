#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// `Σ softmax(scores)ᵢ · vᵢ`, where `vᵢ` are the `dimension` elements of `values` from `starts[i]` on; zeros when there
/// are no scores.
func softmaxAverage(_ scores: [Double], of values: [Float], starts: [Int], dimension: Int) -> [Double] {
  var sums = [Double](repeating: 0, count: dimension)
  guard let highest = scores.max() else { return sums }
  var total = 0.0
  for (score, start) in zip(scores, starts) {
    let weight = exp(score - highest)
    total += weight
    accumulate(weight, values, start, into: &sums)
  }
  return sums.map { $0 / total }
}
