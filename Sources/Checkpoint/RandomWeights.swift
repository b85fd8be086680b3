import Tensor

/// Weights that are not there: random numbers in the place of tensors, to measure a network of which only the configuration
/// is at hand.
///
/// Matrices have the variance that keeps the size of activations, vectors called `weight` are ones and others zeros. The
/// numbers are bfloat16 with 8 random bits, the same for the same name.
struct RandomWeights: Sendable {
  /// A tensor of any name and shape.
  func tensor(named name: String, shape: Shape) -> Tensor {
    let tensor = Tensor.host(shape, .bfloat16)
    let count = shape.count
    // Eight numbers from each word of a generator whose words are never zero.
    var state = name.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 } | 1
    let numbers = Self.numbers(named: name, shape: shape)
    unsafe tensor.withHostPointer { address in
      let target = unsafe address.bindMemory(to: UInt16.self, capacity: count)
      unsafe numbers.withUnsafeBufferPointer { numbers in
        var index = 0
        while index < count {
          state ^= state << 13
          state ^= state >> 7
          state ^= state << 17
          var word = state
          let end = min(index + 8, count)
          while index < end {
            unsafe target[index] = numbers[Int(truncatingIfNeeded: word & 0xFF)]
            word >>= 8
            index += 1
          }
        }
      }
    }
    return tensor
  }

  /// The 256 numbers, bfloat16, that a tensor is made of.
  private static func numbers(named name: String, shape: Shape) -> [UInt16] {
    guard shape.rank > 1 else { return [UInt16](repeating: name.hasSuffix("weight") ? 0x3F80 : 0, count: 256) }
    let inputs = shape.count / max(1, shape[0])
    let spread = (3 / Float(max(1, inputs))).squareRoot()
    return (0..<256).map { UInt16(((Float($0) - 127.5) / 127.5 * spread).bitPattern >> 16) }
  }
}
