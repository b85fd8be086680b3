import Tensor

/// A convolution in the memory of a GPU.
struct CUDAConvolution: ConvolutionLayer {
  let shape: Shape
  /// `[O, taps, C']`, bfloat16: C rounded up to whole pieces of 16 bytes with zeros.
  let weight: Tensor
  /// `[O]`, float32.
  let bias: Tensor
  let stride: Int
  let padding: SpatialPadding
  let border: FrameBorder

  var byteCount: Int { weight.byteCount + bias.byteCount }

  /// Channels that a copy of 16 bytes takes.
  static let channelStep = 8

  /// Our kernel for so many channels and outputs, and how many outputs one of its blocks computes.
  static func kernel(channels: Int, outputs: Int) -> (name: String, outputs: Int) {
    let width = outputs > 64 ? 128 : outputs > 32 ? 64 : 32
    // Rows of a multiple of 8 channels can be copied 16 bytes at a time.
    return ("convolve_\(width)" + (channels % channelStep == 0 ? "_aligned" : ""), width)
  }

  /// Blocks for so many places and outputs; a block computes 128 places.
  static func launch(places: Int, outputs: Int, blockOutputs: Int) -> CUDALaunch {
    CUDALaunch(grid: ((places + 127) / 128, (outputs + blockOutputs - 1) / blockOutputs), threads: 256)
  }
}
