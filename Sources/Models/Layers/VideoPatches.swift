import Tensor

/// The size of a video in tokens.
struct TokenGrid: Hashable, Sendable {
  /// Tokens along time.
  let frames: Int
  /// Tokens from top to bottom.
  let height: Int
  /// Tokens from left to right.
  let width: Int

  /// All tokens.
  var count: Int { frames * height * width }
}

/// Cuts latents into tokens and puts predictions together again.
///
/// A token covers `framesPerToken × size × size` latents of one place; its features are ordered channel, frame, row,
/// column.
struct VideoPatches: Sendable {
  /// Rows and columns of a token.
  let size: Int
  /// Latent frames of a token.
  let framesPerToken: Int

  /// The tokens of latents.
  func grid(latents shape: Shape) -> TokenGrid {
    TokenGrid(frames: shape[1] / framesPerToken, height: shape[3] / size, width: shape[4] / size)
  }

  /// `[1, F, C, h, w]` to `[tokens, C·framesPerToken·size²]`, float32.
  func tokens(of latents: Tensor) -> Tensor {
    let channels = latents.shape[2]
    let grid = grid(latents: latents.shape)
    let result = Tensor.host([grid.count, channels * framesPerToken * size * size], .float32)
    latents.withSpan(of: Float.self) { source in
      result.withMutableSpan(of: Float.self) { target in
        forEachRun(of: latents.shape) { latent, token in
          for column in 0..<size { target[token + column] = source[latent + column] }
        }
      }
    }
    return result
  }

  /// `[tokens, C·framesPerToken·size²]`, float32, to latents of the given shape.
  func latents(of tokens: Tensor, shape: Shape) -> Tensor {
    let result = Tensor.host(shape, .float32)
    tokens.withSpan(of: Float.self) { source in
      result.withMutableSpan(of: Float.self) { target in
        forEachRun(of: shape) { latent, token in
          for column in 0..<size { target[latent + column] = source[token + column] }
        }
      }
    }
    return result
  }

  /// Calls `body` with where every row of every token's square begins, in the latents and in the tokens: `size` elements
  /// that follow one another in both.
  @inline(__always)
  private func forEachRun(of shape: Shape, _ body: (_ latent: Int, _ token: Int) -> Void) {
    let (frames, channels, height) = (shape[1], shape[2], shape[3])
    let grid = grid(latents: shape)
    let features = channels * framesPerToken * size * size
    var latent = 0
    for frame in 0..<frames {
      for channel in 0..<channels {
        for row in 0..<height {
          let token = (frame / framesPerToken * grid.height + row / size) * grid.width
          let feature = ((channel * framesPerToken + frame % framesPerToken) * size + row % size) * size
          for column in 0..<grid.width {
            body(latent, (token + column) * features + feature)
            latent += size
          }
        }
      }
    }
  }
}

extension Tensor {
  /// Latents `[1, F, C, h, w]` with the channels of other latents after their own, float32.
  /// - Precondition: Both have the same frames, rows and columns.
  func joiningChannels(of other: Tensor) -> Tensor {
    precondition(
      shape[1] == other.shape[1] && shape.dimensions[3...] == other.shape.dimensions[3...],
      "\(other) cannot be joined to \(self)")
    let (one, two) = (floats(), other.floats())
    let (first, second) = (one.count / shape[1], two.count / shape[1])
    var joined: [Float] = []
    joined.reserveCapacity(one.count + two.count)
    for frame in 0..<shape[1] {
      joined += one[frame * first..<(frame + 1) * first]
      joined += two[frame * second..<(frame + 1) * second]
    }
    return Tensor(joined, shape: [1, shape[1], shape[2] + other.shape[2], shape[3], shape[4]])
  }
}
