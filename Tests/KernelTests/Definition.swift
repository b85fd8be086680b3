import CKernels
import Foundation

/// Attention as the textbook has it, in double precision and sequence order: what the kernels must compute.
struct Definition {
  let problem: KernelCase
  private let query: [[Double]]
  private let key: [[Double]]
  private let value: [[Double]]

  /// Row r of head h is `query[h · S + r]`.
  init(_ inputs: KernelProblem) {
    let problem = inputs.problem
    self.problem = problem
    let dimension = problem.headDimension
    func rows(_ operand: Int) -> [[Double]] {
      (0..<problem.heads * problem.rows).map { index in
        let (head, row) = index.quotientAndRemainder(dividingBy: problem.rows)
        let isVideo = row >= problem.videoOffset && row < problem.videoOffset + problem.videoTokens
        let token = isVideo ? row - problem.videoOffset : row - problem.textOffset
        let start = (token * 3 + operand) * problem.columns + head * dimension
        var x = (0..<dimension).map { Double((isVideo ? inputs.video : inputs.text)[start + $0]) }
        if operand == 2 { return x }
        if problem.norm != SVG_NORM_NONE {
          let mean = problem.norm == SVG_NORM_LAYER ? x.reduce(0, +) / Double(dimension) : 0
          let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(dimension)
          for i in 0..<dimension {
            x[i] = (x[i] - mean) / (variance + Double(Float(1e-5))).squareRoot()
            x[i] = x[i] * Double(inputs.weights[2 * operand * dimension + i])
            x[i] += Double(inputs.weights[(2 * operand + 1) * dimension + i])
          }
        }
        if problem.rotates && isVideo {
          for i in 0..<dimension / 2 {
            let c = Double(inputs.cosine[token * dimension / 2 + i]), s = Double(inputs.sine[token * dimension / 2 + i])
            (x[2 * i], x[2 * i + 1]) = (x[2 * i] * c - x[2 * i + 1] * s, x[2 * i + 1] * c + x[2 * i] * s)
          }
        }
        return x
      }
    }
    query = rows(0)
    key = rows(1)
    value = rows(2)
  }

  private func videoIndex(_ row: Int) -> Int? {
    let index = row - problem.videoOffset
    return index >= 0 && index < problem.videoTokens ? index : nil
  }

  private func isPadding(_ row: Int) -> Bool { videoIndex(row) == nil && row - problem.textOffset >= problem.valid }

  /// One output row: softmax over the keys that exist and, if they are video, that `keeps` names.
  func row(_ row: Int, head: Int, keeps: (_ videoKey: Int) -> Bool) -> [Double] {
    let keys = (0..<problem.rows).filter { key in
      if let video = videoIndex(key) { return keeps(video) }
      return !isPadding(key)
    }
    let base = head * problem.rows
    let scores = keys.map { k in zip(query[base + row], key[base + k]).reduce(0) { $0 + $1.0 * $1.1 } }
    let scale = 1 / Double(problem.headDimension).squareRoot()
    let top = scores.max() ?? 0
    let weights = scores.map { exp(($0 - top) * scale) }
    let total = weights.reduce(0, +)
    var output = [Double](repeating: 0, count: problem.headDimension)
    for (weight, k) in zip(weights, keys) {
      for i in output.indices { output[i] += weight / total * value[base + k][i] }
    }
    return output
  }

  /// `[S, H·D]` with the band of the case.
  func output() -> [Double] {
    let width = problem.halfWidth ?? problem.videoTokens
    return (0..<problem.rows).flatMap { row in
      (0..<problem.heads).flatMap { head -> [Double] in
        if isPadding(row) { return [Double](repeating: 0, count: problem.headDimension) }
        let own = videoIndex(row).map { problem.packedPosition(frameMajor: $0, head: head) }
        return self.row(row, head: head) { key in
          own.map { abs($0 - problem.packedPosition(frameMajor: key, head: head)) < width } ?? true
        }
      }
    }
  }

  /// `[H, 2]`: the mean squared error of both bands over some frame-major rows.
  func profile(rows: [Int], halfWidths: (Int, Int)) -> [Double] {
    (0..<problem.heads).flatMap { head -> [Double] in
      var errors = [0.0, 0.0]
      for index in rows {
        let full = row(index + problem.videoOffset, head: head) { _ in true }
        for (band, width) in [halfWidths.0, halfWidths.1].enumerated() {
          // Head 0 is spatial and head 1 temporal: their packed positions are the two orders.
          let own = problem.packedPosition(frameMajor: index, head: band)
          let masked = row(index + problem.videoOffset, head: head) { key in
            abs(own - problem.packedPosition(frameMajor: key, head: band)) < width
          }
          errors[band] += zip(full, masked).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        }
      }
      return errors.map { $0 / Double(rows.count * problem.headDimension) }
    }
  }
}

/// `‖found − expected‖ / ‖expected‖`; NaN if anything is.
func relativeError(_ found: [Float], _ expected: [Double]) -> Double {
  var difference = 0.0, norm = 0.0
  for index in found.indices {
    let distance = Double(found[index]) - expected[index]
    difference += distance * distance
    norm += expected[index] * expected[index]
  }
  return (difference / max(norm, .leastNormalMagnitude)).squareRoot()
}

func relativeError(_ found: [Float], _ expected: [Float]) -> Double {
  relativeError(found, expected.map(Double.init))
}
