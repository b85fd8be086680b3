import Compute
import Tensor

/// The frames that causal convolutions have seen last, so that a video can be decoded a few frames at a time.
struct CausalHistory: Sendable {
  /// Whether no frames come after those of the next call: then nothing is remembered, and what was is freed when it has
  /// been used.
  var isAtEnd = false
  /// `[kt − 1, h, w, C]` for each convolution, by its place in the network.
  private var frames: [Int: Tensor] = [:]

  /// Convolves the next frames and remembers the last of them.
  mutating func convolve(
    _ input: Tensor, _ convolution: CausalConvolution, on device: any ComputeDevice
  ) throws -> Tensor {
    let kept = convolution.layer.shape[2] - 1
    guard kept > 0 else { return try device.convolve(input, previous: nil, convolution.layer) }
    let previous = frames.removeValue(forKey: convolution.place)
    let result = try device.convolve(input, previous: previous, convolution.layer)
    if !isAtEnd { frames[convolution.place] = try last(kept, of: input, after: previous, on: device) }
    return result
  }

  /// A copy of the last frames, so that what they are cut from can be freed; where there are fewer, the first repeats.
  private func last(
    _ count: Int, of input: Tensor, after previous: Tensor?, on device: any ComputeDevice
  ) throws -> Tensor {
    let new = input.shape[0]
    if new >= count { return try device.concatenate([input.slice(new - count..<new)]) }
    let missing = count - new
    let earlier = previous.map { [$0.slice(count - missing..<count)] }
    return try device.concatenate(
      (earlier ?? [Tensor](repeating: input.slice(0..<1), count: missing)) + [input])
  }
}

/// A convolution that needs frames of an earlier call.
struct CausalConvolution: Sendable {
  /// The convolution.
  let layer: any ConvolutionLayer
  /// Tells it from the others of its network.
  let place: Int
}
