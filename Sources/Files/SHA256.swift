/// The hash function that names files by what is in them.
///
/// - SeeAlso: FIPS 180-4, Section 6.2, <https://doi.org/10.6028/NIST.FIPS.180-4>.
public enum SHA256 {
  /// The digest as 64 hexadecimal digits.
  public static func hexadecimalDigest(of message: [UInt8]) -> String {
    var state = initial
    var padded = message + [0x80]
    padded += [UInt8](repeating: 0, count: (120 - padded.count % 64) % 64)
    let bits = UInt64(message.count) * 8
    padded += (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * UInt64($0))) }
    for start in stride(from: 0, to: padded.count, by: 64) { compress(padded[start..<start + 64], into: &state) }
    return state.map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }

  private static func compress(_ block: ArraySlice<UInt8>, into state: inout [UInt32]) {
    var words = (0..<16).map { index in
      block[(block.startIndex + 4 * index)..<(block.startIndex + 4 * index + 4)].reduce(UInt32(0)) {
        $0 << 8 | UInt32($1)
      }
    }
    for index in 16..<64 {
      let (old, recent) = (words[index - 15], words[index - 2])
      let first = rotated(old, 7) ^ rotated(old, 18) ^ old >> 3
      let second = rotated(recent, 17) ^ rotated(recent, 19) ^ recent >> 10
      words.append(words[index - 16] &+ first &+ words[index - 7] &+ second)
    }
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    for index in 0..<64 {
      let sum = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
      let first = h &+ sum &+ ((e & f) ^ (~e & g)) &+ constants[index] &+ words[index]
      let other = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
      let majority = (a & b) ^ (a & c) ^ (b & c)
      (h, g, f, e) = (g, f, e, d &+ first)
      (d, c, b, a) = (c, b, a, first &+ other &+ majority)
    }
    for (index, value) in [a, b, c, d, e, f, g, h].enumerated() { state[index] &+= value }
  }

  private static func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }

  /// The first 32 bits of the fractional parts of roots of the first primes: square roots of eight, cube roots of 64.
  private static let initial: [UInt32] = primes(8).map { fraction(Double($0).squareRoot()) }
  private static let constants: [UInt32] = primes(64).map(cubeRootFraction)

  private static func fraction(_ value: Double) -> UInt32 {
    UInt32((value - value.rounded(.down)) * 4_294_967_296)
  }

  /// `⌊2³² · ∛p⌋` modulo `2³²`, by bisection in whole numbers.
  private static func cubeRootFraction(_ prime: Int) -> UInt32 {
    var (low, high) = (UInt64(1) << 32, UInt64(7) << 32)
    let target = UInt128(prime) << 96
    while high - low > 1 {
      let middle = (low + high) / 2
      let cube = UInt128(middle) * UInt128(middle) * UInt128(middle)
      if cube <= target { low = middle } else { high = middle }
    }
    return UInt32(truncatingIfNeeded: low)
  }

  private static func primes(_ count: Int) -> [Int] {
    var found: [Int] = []
    for number in 2... where found.count < count {
      if found.allSatisfy({ number % $0 != 0 }) { found.append(number) }
      if found.count == count { break }
    }
    return found
  }
}
