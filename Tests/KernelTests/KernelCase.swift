import CKernels
import Testing

/// One attention problem in numbers; everything random follows from `seed`.
struct KernelCase: Sendable, CustomTestStringConvertible {
  var heads = 2
  var headDimension = 32
  var frames: Int
  var tokensPerFrame: Int
  var textTokens = 0
  /// `nil`: all of them.
  var validText: Int?
  var textFirst = false
  var element = SVG_FLOAT32
  var norm = SVG_NORM_NONE
  var rotates = false
  /// Half-width of both bands; `nil` keeps every pair.
  var halfWidth: Int?
  /// Standard deviation of the projection.
  var magnitude: Float = 1
  /// Mean of queries and keys.
  var mean: Float = 0
  /// How many times larger each video key is than the one before, so that the largest score moves along the keys.
  var keyGrowth: Float = 1
  var seed: UInt64 = 1

  var videoTokens: Int { frames * tokensPerFrame }
  var rows: Int { videoTokens + textTokens }
  var columns: Int { heads * headDimension }
  var valid: Int { validText ?? textTokens }
  /// The sequence row of video token 0.
  var videoOffset: Int { textFirst ? textTokens : 0 }
  var textOffset: Int { textFirst ? 0 : videoTokens }

  var geometry: svg_geometry {
    svg_geometry(
      heads: Int64(heads), head_dimension: Int64(headDimension), frames: Int64(frames),
      tokens_per_frame: Int64(tokensPerFrame), text_tokens: Int64(textTokens), valid_text: Int64(valid),
      text_first: textFirst)
  }

  /// Even heads are spatial, odd ones temporal.
  func isTemporal(head: Int) -> Bool { head % 2 == 1 }

  /// Where a video token is in a head's packed order.
  func packedPosition(frameMajor index: Int, head: Int) -> Int {
    isTemporal(head: head) ? index % tokensPerFrame * frames + index / tokensPerFrame : index
  }

  var testDescription: String {
    let text = textTokens == 0 ? "no text" : "\(valid)/\(textTokens) text \(textFirst ? "first" : "last")"
    let width = halfWidth.map { "band \($0)" } ?? "all pairs"
    return "F \(frames), P \(tokensPerFrame), \(text), H \(heads), D \(headDimension), "
      + "\(element == SVG_FLOAT32 ? "float32" : "bfloat16"), norm \(norm.rawValue), \(rotates ? "rotary" : "no rotary"), "
      + "\(width), magnitude \(magnitude), mean \(mean), growth \(keyGrowth), seed \(seed)"
  }
}

/// The instruction sets of this machine, the reference excepted.
let vectorISAs: [svg_isa] = (1..<UInt32(SVG_ISA_COUNT)).map { svg_isa(rawValue: $0) }.filter { svg_isa_available($0) }

extension svg_isa: @retroactive CustomTestStringConvertible {
  /// The name of the instruction set.
  public var testDescription: String { unsafe String(cString: svg_isa_name(self)) }
}
