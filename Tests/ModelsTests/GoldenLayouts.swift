import Tensor

/// `[1, C, F, h, w]`, unscaled as the autoencoder takes it, to the pipeline's `[1, F, C, h, w]`.
func pipelineLatents(_ latents: Tensor, scalingFactor: Float) -> Tensor {
  let (shape, values) = (latents.shape, latents.floats())
  let (channels, frames, places) = (shape[1], shape[2], shape[3] * shape[4])
  var result = values
  for channel in 0..<channels {
    for frame in 0..<frames {
      for place in 0..<places {
        result[(frame * channels + channel) * places + place] =
          values[(channel * frames + frame) * places + place] * scalingFactor
      }
    }
  }
  return Tensor(result, shape: [1, frames, channels, shape[3], shape[4]])
}

/// `[1, 3, F, H, W]` from −1 to 1 to `[F, H, W, 3]` from 0 to 1.
func rgb(_ output: Tensor) -> Tensor {
  let (shape, values) = (output.shape, output.floats())
  let (frames, places) = (shape[2], shape[3] * shape[4])
  var result = values
  for color in 0..<3 {
    for frame in 0..<frames {
      for place in 0..<places {
        result[(frame * places + place) * 3 + color] =
          min(max(values[(color * frames + frame) * places + place] / 2 + 0.5, 0), 1)
      }
    }
  }
  return Tensor(result, shape: [frames, shape[3], shape[4], 3])
}
