import Tensor
import TestSupport
import Testing

@testable import Diffusion

struct NormalGeneratorTests {
  /// The names of all draws of the golden: `seed42/size17`, `seed42/shape1x3x4x4x6`.
  static let draws: [String] = {
    let names = (try? Goldens("noise").names) ?? []
    return Set(names.filter { $0.hasPrefix("seed") }.map { $0.split(separator: "/").prefix(2).joined(separator: "/") })
      .sorted()
  }()

  @Test func `The golden holds draws of all small sizes`() {
    #expect(Draw("seed9223372036854775807/size16") == Draw(seed: 9_223_372_036_854_775_807, shape: [16]))
    let sizes = Self.draws.compactMap { Draw($0)?.shape.count }
    for size in Array(1...40) + [100, 1000, 65537, 13 * 16 * 60 * 90] {
      #expect(sizes.contains(size), "no draw of \(size)")
    }
  }

  @Test(arguments: draws)
  func `A draw has the bits of torch.randn`(name: String) throws {
    let golden = try Goldens("noise")
    let draw = try #require(Draw(name))
    var generator = NormalGenerator(seed: draw.seed)
    let tensor = generator.draw(draw.shape)
    #expect(tensor.shape == draw.shape)
    let bits = tensor.floats().map(\.bitPattern)
    guard golden.names.contains("\(name)/first") else {
      #expect(bits == (try golden.bits(name)))
      return
    }
    let (first, last) = (try golden.bits("\(name)/first"), try golden.bits("\(name)/last"))
    #expect(Array(bits.prefix(first.count)) == first)
    #expect(Array(bits.suffix(last.count)) == last)
    let checksum = try #require(golden.metadata["checksum \(name)"])
    #expect(fnv(bits) == UInt64(checksum, radix: 16))
  }

  @Test func `Draws that follow one another share the generator as in PyTorch`() throws {
    let golden = try Goldens("noise")
    let sizes = try #require(golden.metadata["sequence_sizes"]).split(separator: ",").compactMap { Int($0) }
    var generator = NormalGenerator(seed: 7)
    try #require(sizes.count > 5)
    for (index, size) in sizes.enumerated() {
      #expect(generator.draw([size]).floats().map(\.bitPattern) == (try golden.bits("sequence/\(index)")))
    }
  }

  @Test(arguments: [0, 1, 2, 15, 16, 17, 32, 623, 624, 625, 5000])
  func `A draw passed over leaves the generator where a draw made leaves it`(count: Int) {
    var drawing = NormalGenerator(seed: 3)
    _ = drawing.draw([5])
    var passing = drawing
    _ = drawing.draw([count])
    passing.discard(count)
    for size in [3, 20] {
      #expect(drawing.draw([size]).floats() == passing.draw([size]).floats())
    }
  }

  @Test func `A copy continues on its own`() {
    var original = NormalGenerator(seed: 11)
    _ = original.draw([3])
    var copy = original
    let continued = original.draw([40]).floats()
    #expect(copy.draw([40]).floats() == continued)
    #expect(original.draw([40]).floats() != continued)
  }

  private func fnv(_ words: [UInt32]) -> UInt64 {
    words.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}

extension Goldens {
  fileprivate func bits(_ name: String) throws -> [UInt32] { try tensor(name).floats().map(\.bitPattern) }
}

/// A seed and a shape out of a golden's name.
private struct Draw: Equatable {
  let seed: UInt64
  let shape: Shape

  init(seed: UInt64, shape: Shape) {
    self.seed = seed
    self.shape = shape
  }

  init?(_ name: String) {
    let parts = name.split(separator: "/")
    guard parts.count == 2, let seed = UInt64(parts[0].dropFirst("seed".count)) else { return nil }
    let extents = parts[1].drop { $0.isLetter }.split(separator: "x").compactMap { Int($0) }
    self.init(seed: seed, shape: Shape(extents))
  }
}
