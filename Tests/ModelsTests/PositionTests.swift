import Compute
import Foundation
import Tensor
import TestSupport
import Testing

@testable import Models

@Suite struct PositionTests {
  /// Angles reach some dozens of radians and are rounded to 24 bits before their cosine is taken.
  static let bound: Float = 1e-5

  func positions(_ name: String) throws -> CogVideoXPositions {
    let model = TinyModel(name: name, device: ReferenceDevice())
    return CogVideoXPositions(
      configuration: try model.configuration("transformer", as: CogVideoXTransformerConfiguration.self))
  }

  /// Every second value: the reference has each twice.
  func halved(_ tensor: Tensor) -> [Float] {
    tensor.floats().enumerated().compactMap { $0.offset % 2 == 0 ? $0.element : nil }
  }

  func largestDifference(_ one: [Float], _ other: [Float]) -> Float {
    guard one.count == other.count else { return .infinity }
    return zip(one, other).map { abs($0 - $1) }.max() ?? 0
  }

  @Test(arguments: ["cogvideox-5b", "cogvideox-1.5", "cogvideox-learned", "cogvideox-ofs"])
  func `rotations are those of diffusers, for the trained size and for others`(name: String) throws {
    let goldens = try Goldens("rotary")
    let positions = try positions(name)
    let cases = goldens.names.filter { $0.hasPrefix("\(name)/") && $0.hasSuffix("/cos") }
    #expect(!cases.isEmpty)
    for cosine in cases {
      let size = cosine.split(separator: "/")[1].split(separator: "x").map { Int($0)! }
      let frames = Int(goldens.metadata["\(name)/\(cosine.split(separator: "/")[1])"]!.split(separator: "=")[1])!
      let table = positions.rotary(
        TokenGrid(
          frames: frames / positions.configuration.framesPerToken, height: size[1] / 16, width: size[2] / 16))
      let sine = cosine.replacing("/cos", with: "/sin")
      #expect(try largestDifference(table.cosine.floats(), halved(goldens.tensor(cosine))) <= Self.bound, "\(cosine)")
      #expect(try largestDifference(table.sine.floats(), halved(goldens.tensor(sine))) <= Self.bound, "\(cosine)")
    }
  }

  @Test(arguments: ["5b-480x720", "5b-352x640", "1.5-768x1360"])
  func `rotations of published models are those of diffusers`(name: String) throws {
    let goldens = try Goldens("rotary")
    let settings = Dictionary(
      uniqueKeysWithValues: goldens.metadata[name]!.split(separator: " ").map { pair in
        (String(pair.split(separator: "=")[0]), Int(pair.split(separator: "=")[1])!)
      })
    let isLater = name.hasPrefix("1.5")
    let json =
      isLater
      ? #"{"sample_width": 300, "sample_height": 300, "patch_size_t": 2, "use_rotary_positional_embeddings": true}"#
      : #"{"sample_width": 90, "sample_height": 60, "use_rotary_positional_embeddings": true}"#
    let positions = CogVideoXPositions(
      configuration: try JSONDecoder().decode(CogVideoXTransformerConfiguration.self, from: Data(json.utf8)))
    let grid = TokenGrid(
      frames: settings["latent_frames"]! / (isLater ? 2 : 1), height: settings["height"]! / 16,
      width: settings["width"]! / 16)
    #expect(grid.count == settings["tokens"])
    let table = positions.rotary(grid)
    let rows = try goldens.integers("\(name)/rows").map(Int.init)
    for (tensor, golden) in [(table.cosine, "cos"), (table.sine, "sin")] {
      let chosen = rows.flatMap { tensor.slice($0..<$0 + 1).floats() }
      #expect(try largestDifference(chosen, halved(goldens.tensor("\(name)/\(golden)"))) <= 4 * Self.bound)
      var sums = [Double](repeating: 0, count: tensor.shape[1])
      for (index, value) in tensor.floats().enumerated() { sums[index % tensor.shape[1]] += Double(value) }
      let expected = halved(try goldens.tensor("\(name)/\(golden)_sum"))
      // The golden's sums were rounded at every addition: a millionth for each row at the most.
      #expect(largestDifference(sums.map(Float.init), expected) <= Float(grid.count) * 1e-5)
    }
  }
}
