import Tensor
import Testing

@testable import Models

/// Cutting latents into tokens, by the definition.
@Suite struct VideoPatchesTests {
  @Test(arguments: [1, 2, 3], [1, 2])
  func `every latent is a feature of the token that covers it, and comes back`(size: Int, framesPerToken: Int) {
    let patches = VideoPatches(size: size, framesPerToken: framesPerToken)
    let (frames, channels, height, width) = (2 * framesPerToken, 3, 4 * size, 5 * size)
    let shape: Shape = [1, frames, channels, height, width]
    let latents = Tensor((0..<shape.count).map { Float($0) }, shape: shape)
    let tokens = patches.tokens(of: latents)
    let features = channels * framesPerToken * size * size
    #expect(tokens.shape == [2 * 4 * 5, features])
    let values = tokens.floats()
    for frame in 0..<frames {
      for channel in 0..<channels {
        for row in 0..<height {
          for column in 0..<width {
            let token = (frame / framesPerToken * 4 + row / size) * 5 + column / size
            let feature =
              ((channel * framesPerToken + frame % framesPerToken) * size + row % size) * size + column % size
            let latent = ((frame * channels + channel) * height + row) * width + column
            #expect(values[token * features + feature] == Float(latent))
          }
        }
      }
    }
    #expect(patches.latents(of: tokens, shape: shape).floats() == latents.floats())
  }
}
