import ArgumentParser
import Benchmark

/// The sizes of attention.
struct AttentionShapeOptions: ParsableArguments {
  @Option(help: "The shape of a model; the other options change it.")
  var preset: BenchmarkPreset?

  @Option(parsing: .unconditional, help: "Heads. (default: 8)")
  var heads: Int?

  @Option(parsing: .unconditional, help: "Video tokens, a multiple of the frames. (default: 4096)")
  var tokens: Int?

  @Option(parsing: .unconditional, help: "Latent frames that the tokens belong to. (default: 16)")
  var frames: Int?

  @Option(parsing: .unconditional, help: "Text tokens. (default: 0)")
  var textTokens: Int?

  @Option(parsing: .unconditional, help: "Elements of a head's vectors. (default: 64)")
  var headDimension: Int?

  /// The shape that the options describe.
  var shape: AttentionShape {
    get throws {
      var shape =
        preset?.attention ?? AttentionShape(heads: 8, headDimension: 64, frames: 16, tokensPerFrame: 256)
      if heads != nil { shape.scaling = nil }
      shape.heads = heads ?? shape.heads
      shape.headDimension = headDimension ?? shape.headDimension
      shape.textTokens = textTokens ?? shape.textTokens
      let all = tokens ?? shape.frames * shape.tokensPerFrame
      shape.frames = frames ?? shape.frames
      guard shape.frames > 0, all > 0, all.isMultiple(of: shape.frames) else {
        throw BenchmarkError(
          "--tokens must be a positive multiple of --frames: \(all) tokens do not fall into \(shape.frames) frames")
      }
      shape.tokensPerFrame = all / shape.frames
      return shape
    }
  }
}
