import Foundation
import Tensor

/// Standard normal numbers, equal to those of `torch.randn` on PyTorch's CPU generator for the same seed.
///
/// Bit for bit those that PyTorch computes on processors with AVX2, float32, for tensors of every size. (PyTorch itself
/// differs from one processor to the next: its code without AVX2 gives other roundings, up to 2.2e-6 away in a million
/// draws.) Like PyTorch it works in two ways, and the draw's size decides: fewer than 16 numbers come one by one from
/// pairs in double precision, of which the second is kept for the next small draw; 16 and more are made in blocks.
///
/// A value type: a copy continues the same sequence on its own.
public struct NormalGenerator: Sendable {
  /// From this size on a draw is made in blocks.
  private static let blockSize = 16

  private var words: MersenneTwister
  /// The second number of a pair, left over by a small draw of odd size.
  private var leftOver: Double?

  /// Starts the sequence of a seed.
  /// - Parameter seed: As given to `torch.Generator.manual_seed`; like there, only its lower 32 bits matter.
  public init(seed: UInt64) {
    words = MersenneTwister(seed: seed)
  }

  /// Draws a tensor, as `torch.randn(shape, generator: …)` does.
  /// - Returns: float32, in the processor's memory.
  public mutating func draw(_ shape: Shape) -> Tensor {
    let result = Tensor.host(shape, .float32)
    result.withMutableSpan(of: Float.self) { fill(&$0) }
    return result
  }

  /// Fills `values` with one draw. Two draws of a half each are not the same as one draw of the whole.
  public mutating func fill(_ values: inout MutableSpan<Float>) {
    guard values.count >= Self.blockSize else {
      for index in values.indices { values[index] = Float(single()) }
      return
    }
    for index in values.indices { values[index] = words.uniform() }
    for start in stride(from: 0, through: values.count - Self.blockSize, by: Self.blockSize) {
      transformBlock(&values, at: start)
    }
    guard values.count % Self.blockSize != 0 else { return }
    // The last block overlaps the one before it and is drawn anew as a whole.
    let start = values.count - Self.blockSize
    for index in start..<values.count { values[index] = words.uniform() }
    transformBlock(&values, at: start)
  }

  /// Passes over a draw of `count` numbers that nobody needs.
  public mutating func discard(_ count: Int) {
    if count < Self.blockSize {
      for _ in 0..<count { _ = single() }
    } else {
      words.discard(count + (count % Self.blockSize == 0 ? 0 : Self.blockSize))
    }
  }

  /// Turns 16 uniform numbers into 8 pairs of normal ones; a pair lies 8 apart.
  private func transformBlock(_ values: inout MutableSpan<Float>, at start: Int) {
    for index in start..<(start + 8) {
      let pair = BoxMuller.pair(values[index], values[index + 8])
      values[index] = pair.first
      values[index + 8] = pair.second
    }
  }

  /// One number of a pair in double precision.
  private mutating func single() -> Double {
    if let number = leftOver {
      leftOver = nil
      return number
    }
    let angle = 2 * Double.pi * words.uniformDouble()
    let radius = (-2 * log1p(-words.uniformDouble())).squareRoot()
    leftOver = radius * sin(angle)
    return radius * cos(angle)
  }
}
