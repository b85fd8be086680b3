import Attention
import Compute
import Tensor
import TestSupport

/// A case of the independent rendering of the method in `Tools/goldens/goldens/sparse_video_gen.py`.
struct GoldenCase {
  static let names = [
    "f3-p5-t0-d32", "f5-p64-t7-d32", "f13-p16-t32-first-d64", "f4-p33-t20-last-valid12-d64", "f1-p100-t3-last-d128",
    "f7-p1-t2-d32", "f6-p20-t9-first-valid0-d32", "f5-p40-t150-last-valid70-d128",
  ]

  let goldens: Goldens
  let layout: TokenLayout
  let heads: Int
  let dimension: Int
  let bands: BandPair
  private let seed: UInt64

  init(_ name: String) throws {
    goldens = try Goldens("sparse-video-gen/\(name)")
    let settings = goldens.metadata
    func number(_ key: String) -> Int { Int(settings[key]!)! }
    layout = TokenLayout(
      frames: number("frames"), tokensPerFrame: number("places"), textTokens: number("text"),
      validTextTokens: number("valid"), textPlacement: settings["text_first"] == "True" ? .first : .last)
    heads = number("heads")
    dimension = number("dimension")
    bands = BandPair(
      spatial: Band(halfWidth: number("width")), temporal: Band(halfWidth: number("width")))
    seed = UInt64(number("seed"))
  }

  /// The projection whose queries, keys and values the goldens were computed from: see `inputs` in the script.
  func projection(on device: any ComputeDevice) throws -> AttentionProjection {
    let length = layout.sequenceLength
    let count = heads * length * dimension
    var parts = (0..<3).map { uniform(seed + UInt64($0), count) }
    let frameCodes = uniform(seed + 3, heads * layout.frames * dimension)
    let placeCodes = uniform(seed + 4, heads * layout.tokensPerFrame * dimension)
    for part in 0..<2 {
      for index in parts[part].indices { parts[part][index] /= 2 }
      for head in 0..<heads {
        for token in 0..<layout.videoTokens {
          let (frame, place) = FrameMajor.position(of: token, in: layout)
          let row = (head * length + layout.videoRange.lowerBound + token) * dimension
          let isSpatial = head % 2 == 0
          let code =
            (head * (isSpatial ? layout.frames : layout.tokensPerFrame) + (isSpatial ? frame : place)) * dimension
          for channel in 0..<dimension {
            parts[part][row + channel] += 2 * (isSpatial ? frameCodes : placeCodes)[code + channel]
          }
        }
      }
    }
    var packed = [Float](repeating: 0, count: 3 * count)
    for token in 0..<length {
      for part in 0..<3 {
        for head in 0..<heads {
          for channel in 0..<dimension {
            packed[((token * 3 + part) * heads + head) * dimension + channel] =
              Float(parts[part][(head * length + token) * dimension + channel])
          }
        }
      }
    }
    let rows = try device.upload(
      Tensor(packed, shape: [length, 3 * heads * dimension]), as: device.activationType)
    return AttentionProjection(
      layout: layout, heads: heads, headDimension: dimension,
      text: layout.textTokens == 0 ? nil : .init(packed: rows.slice(layout.textRange)),
      video: .init(packed: rows.slice(layout.videoRange)))
  }

  /// `count` numbers in [-1, 1): the upper 24 bits of each output of SplitMix64.
  private func uniform(_ seed: UInt64, _ count: Int) -> [Double] {
    var state = seed
    return (0..<count).map { _ in
      state &+= 0x9E37_79B9_7F4A_7C15
      var word = state
      word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
      return Double((word ^ (word >> 31)) >> 40) / 8_388_608 - 1
    }
  }
}
