/// The 32-bit Mersenne Twister with PyTorch's way to seed it and to take uniform numbers from it.
///
/// - SeeAlso: M. Matsumoto and T. Nishimura, "Mersenne Twister: A 623-dimensionally equidistributed uniform
///   pseudo-random number generator", 1998.
struct MersenneTwister: Sendable {
  private static let count = 624
  private static let shift = 397

  private var state: [UInt32]
  private var next = Self.count

  /// Starts the sequence of a seed, of which only the lower 32 bits matter: as in PyTorch.
  init(seed: UInt64) {
    state = [UInt32](repeating: UInt32(truncatingIfNeeded: seed), count: Self.count)
    for index in 1..<Self.count {
      let previous = state[index - 1]
      state[index] = 1_812_433_253 &* (previous ^ (previous >> 30)) &+ UInt32(index)
    }
  }

  /// The next 32 bits.
  mutating func word() -> UInt32 {
    if next == Self.count { renew() }
    var word = state[next]
    next += 1
    word ^= word >> 11
    word ^= (word << 7) & 0x9D2C_5680
    word ^= (word << 15) & 0xEFC6_0000
    return word ^ (word >> 18)
  }

  /// The next multiple of 2⁻²⁴ in [0, 1): the lower 24 bits of one word.
  mutating func uniform() -> Float {
    Float(word() & 0xFF_FFFF) * 0x1p-24
  }

  /// The next multiple of 2⁻⁵³ in [0, 1): the lower 53 bits of two words, the first one being the upper half.
  mutating func uniformDouble() -> Double {
    let upper = UInt64(word())
    let bits = (upper << 32 | UInt64(word())) & (1 << 53 - 1)
    return Double(bits) * 0x1p-53
  }

  /// Passes over words.
  /// - Complexity: O(count), a fraction of drawing them.
  mutating func discard(_ count: Int) {
    var left = count
    while left > Self.count - next {
      left -= Self.count - next
      renew()
    }
    next += left
  }

  private mutating func renew() {
    for index in 0..<Self.count {
      let following = index + 1 == Self.count ? 0 : index + 1
      let far = index + Self.shift
      let joined = (state[index] & 0x8000_0000) | (state[following] & 0x7FFF_FFFF)
      let twist: UInt32 = joined & 1 == 0 ? 0 : 0x9908_B0DF
      state[index] = state[far < Self.count ? far : far - Self.count] ^ (joined >> 1) ^ twist
    }
    next = 0
  }
}
