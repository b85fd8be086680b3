import Compute

/// The shapes of a model, perhaps with fewer heads, so that they can be measured in seconds.
public enum BenchmarkPreset: String, Hashable, Sendable, CaseIterable {
  /// The model that comes with this package: 49 frames of 256×256.
  case bundled
  /// CogVideoX 2B: 49 frames of 720×480.
  case cogVideoX2B = "cogvideox-2b"
  /// CogVideoX 1.5: 81 frames of 1360×768.
  case cogVideoX15 = "cogvideox-1.5"
  /// HunyuanVideo: 129 frames of 1280×720.
  case hunyuanVideo = "hunyuanvideo"
  /// Wan 2.1 14B: 81 frames of 1280×720. Its norm spans all heads; here each head has its own, which moves as many bytes.
  case wan14B = "wan-14b"

  /// The attention of one layer.
  public var attention: AttentionShape {
    switch self {
    case .bundled: AttentionShape(heads: 4, headDimension: 64, frames: 13, tokensPerFrame: 256, textTokens: 32)
    case .cogVideoX2B: scaled(30, to: 4, headDimension: 64, frames: 13, tokensPerFrame: 1350, textTokens: 226)
    case .cogVideoX15: scaled(48, to: 2, headDimension: 64, frames: 11, tokensPerFrame: 4080, textTokens: 226)
    case .hunyuanVideo:
      scaled(24, to: 1, headDimension: 128, frames: 33, tokensPerFrame: 3600, textTokens: 256, textFirst: false)
    case .wan14B: scaled(40, to: 1, headDimension: 128, frames: 21, tokensPerFrame: 3600, textTokens: 0)
    }
  }

  private func scaled(
    _ all: Int, to heads: Int, headDimension: Int, frames: Int, tokensPerFrame: Int, textTokens: Int,
    textFirst: Bool = true
  ) -> AttentionShape {
    var shape = AttentionShape(
      heads: heads, headDimension: headDimension, frames: frames, tokensPerFrame: tokensPerFrame,
      textTokens: textTokens, textFirst: textFirst)
    shape.scaling = "\(rawValue) with \(heads) of \(all) heads"
    return shape
  }

  /// The linear layers of one transformer block, on a quarter of the rows at most 4096.
  public var linear: [LinearShape] {
    let (width, hidden, tokens) =
      switch self {
      case .bundled: (256, 1024, 3360)
      case .cogVideoX2B: (1920, 7680, 17776)
      case .cogVideoX15: (3072, 12288, 45106)
      case .hunyuanVideo: (3072, 12288, 119056)
      case .wan14B: (5120, 13824, 75600)
      }
    let rows = min(tokens, 4096)
    return [
      ("qkv", width, 3 * width), ("out", width, width), ("ff-in", width, hidden), ("ff-out", hidden, width),
    ].map { name, inputs, outputs in
      var shape = LinearShape(rows: rows, inputs: inputs, outputs: outputs, name: name)
      if rows < tokens { shape.scaling = "\(rawValue) with \(rows) of \(tokens) rows" }
      return shape
    }
  }

  /// Convolutions of the decoder: of few and of many channels. The families share their decoder's shapes.
  public var convolutions: [ConvolutionShape] {
    switch self {
    case .bundled:
      [(64, 64, 2, 64), (32, 32, 8, 128), (16, 16, 8, 256)].map { channels, outputs, frames, size in
        ConvolutionShape(channels: channels, outputs: outputs, frames: frames, height: size, width: size)
      }
    default:
      [(512, 512, 2, 60, 90), (256, 256, 8, 60, 90), (128, 128, 8, 120, 180)].map {
        var shape = ConvolutionShape(channels: $0, outputs: $1, frames: $2, height: $3, width: $4)
        shape.scaling = "\(rawValue), a part of a frame"
        return shape
      }
    }
  }

  /// The convolutions of the decoder that take its time, at the size of a tile: what a GPU is measured with.
  public var tileConvolutions: [ConvolutionShape] {
    switch self {
    case .hunyuanVideo:
      // A tile of 17 frames of 256×256, from the latents to the pixels.
      [
        (512, 512, 5, 32), (512, 512, 5, 64), (512, 512, 9, 128), (512, 256, 9, 128), (256, 256, 9, 128),
        (256, 256, 17, 256), (256, 128, 17, 256), (128, 128, 17, 256),
      ].map { channels, outputs, frames, size in
        var shape = ConvolutionShape(channels: channels, outputs: outputs, frames: frames, height: size, width: size)
        shape.border = .nearest
        return shape
      }
    case .cogVideoX2B, .cogVideoX15:
      // A tile of 8 frames of 240×360 after others; the convolutions after doubling see one frame.
      [
        (512, 512, 2, 30, 3), (512, 512, 4, 60, 1), (512, 256, 4, 60, 3), (256, 256, 4, 60, 3), (256, 256, 8, 120, 1),
        (256, 256, 8, 120, 3), (256, 256, 8, 240, 1), (256, 128, 8, 240, 3), (128, 128, 8, 240, 3),
      ].map { channels, outputs, frames, height, depth in
        var shape = ConvolutionShape(
          channels: channels, outputs: outputs, frames: frames, height: height, width: height * 3 / 2, depth: depth)
        shape.hasPrevious = true
        return shape
      }
    default: convolutions
    }
  }
}
