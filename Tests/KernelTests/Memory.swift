import Tensor

/// A fixed array of trivial elements whose address C may keep, aligned to 64 bytes.
@safe
final class Memory<Element: BitwiseCopyable> {
  let count: Int
  private let storage: HostStorage

  /// Every byte is 0xff, which makes floating-point elements NaN: what a kernel forgets to write shows.
  init(count: Int) {
    self.count = count
    storage = HostStorage(byteCount: count * MemoryLayout<Element>.stride)
    let bytes = unsafe UnsafeMutableRawBufferPointer(start: storage.hostAddress, count: storage.byteCount)
    unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0xff)
  }

  convenience init(_ elements: [Element]) {
    self.init(count: elements.count)
    for (index, element) in elements.enumerated() { self[index] = element }
  }

  var raw: UnsafeMutableRawPointer { unsafe storage.hostAddress.unsafelyUnwrapped }

  var base: UnsafeMutablePointer<Element> { unsafe raw.assumingMemoryBound(to: Element.self) }

  subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count)
      return unsafe base[index]
    }
    set {
      precondition(index >= 0 && index < count)
      unsafe base[index] = newValue
    }
  }

  var elements: [Element] { unsafe Array(UnsafeBufferPointer(start: base, count: count)) }
}

/// SplitMix64, so that a case is the same on every machine.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
    return bits ^ (bits >> 31)
  }

  /// A number of mean 0 and variance 1, nearly normal: the sum of four uniform ones.
  mutating func normal() -> Float {
    let bits = next()
    let sum = (0..<4).reduce(Float(0)) { $0 + Float((bits >> (16 * UInt64($1))) & 0xffff) }
    return (sum / 65536 - 2) * 1.732_050_8
  }
}
