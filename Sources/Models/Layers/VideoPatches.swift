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
        forEachRow(of: latents.shape) { row in
          move(row.squares, from: source, at: row.latent, step: size, to: &target, at: row.token, step: row.features)
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
        forEachRow(of: shape) { row in
          move(row.squares, from: source, at: row.token, step: row.features, to: &target, at: row.latent, step: size)
        }
      }
    }
    return result
  }

  /// Moves `count` times `size` elements that follow one another.
  @inline(__always)
  private func move(
    _ count: Int, from source: Span<Float>, at first: Int, step: Int,
    to target: inout MutableSpan<Float>, at start: Int, step targetStep: Int
  ) {
    @inline(__always)
    func move(_ size: Int) {
      var (from, to) = (first, start)
      for _ in 0..<count {
        for column in 0..<size { target[to + column] = source[from + column] }
        from += step
        to += targetStep
      }
    }
    // All models have squares of 2 × 2: a loop whose length is known costs half.
    if size == 2 { move(2) } else { move(size) }
  }

  /// A row of latents: `size` of each token's features, one token after the other.
  private struct Row {
    /// Where it begins in the latents.
    let latent: Int
    /// Where its first token has them.
    let token: Int
    /// Tokens of the row.
    let squares: Int
    /// Features of a token.
    let features: Int
  }

  /// Calls `body` with every row of the latents. Rows of the same tokens follow one another, so that those tokens stay
  /// in the cache until they are complete.
  @inline(__always)
  private func forEachRow(of shape: Shape, _ body: (Row) -> Void) {
    let (channels, height, width) = (shape[2], shape[3], shape[4])
    let grid = grid(latents: shape)
    let features = channels * framesPerToken * size * size
    for tokenRow in 0..<grid.frames * grid.height {
      let (frame, top) = (tokenRow / grid.height * framesPerToken, tokenRow % grid.height * size)
      var feature = 0
      for channel in 0..<channels {
        for tokenFrame in 0..<framesPerToken {
          for row in 0..<size {
            body(
              Row(
                latent: (((frame + tokenFrame) * channels + channel) * height + top + row) * width,
                token: tokenRow * grid.width * features + feature, squares: grid.width, features: features))
            feature += size
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
