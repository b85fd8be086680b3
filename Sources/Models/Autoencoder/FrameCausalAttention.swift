import Compute
import Tensor

/// Attention of an autoencoder, with one head as wide as the frames have channels: every place sees the places of its own
/// frame and of the frames before.
///
/// Frame by frame, the keys are those up to the frame's end: no mask is needed, and no matrix of all pairs.
struct FrameCausalAttention: Sendable {
  private let norm: GroupNormalization
  private let query, key, value, output: any LinearLayer

  /// Loads `group_norm`, `to_q`, `to_k`, `to_v` and `to_out.0`.
  init(channels: Int, groups: Int, weights: LayerLoader) throws {
    norm = try weights["group_norm"].groupNormalization(groups: groups, channels: channels, epsilon: 1e-6)
    query = try weights["to_q"].linear(from: channels, to: channels)
    key = try weights["to_k"].linear(from: channels, to: channels)
    value = try weights["to_v"].linear(from: channels, to: channels)
    output = try weights["to_out"][0].linear(from: channels, to: channels)
  }

  /// Attends, and adds the result.
  /// - Parameter frames: `[T, h, w, C]`, activations; written in place.
  /// - Throws: What the device throws; `CancellationError` between frames.
  func add(to frames: inout Tensor, on device: any ComputeDevice) throws {
    let (count, channels) = (frames.shape[0], frames.shape[3])
    let places = frames.shape[1] * frames.shape[2]
    let normed = try device.normalizeGroups(frames, norm, modulation: nil, activation: .identity)
      .reshaped([count * places, channels])
    let queries = try device.linear(normed, query)
    let (keys, values) = (try device.linear(normed, key), try device.linear(normed, value))
    let attended = try (0..<count).map { frame in
      try Task.checkCancellation()
      let seen = 0..<(frame + 1) * places
      return try device.attendText(
        query: queries.slice(frame * places..<(frame + 1) * places), key: keys.slice(seen), value: values.slice(seen),
        heads: 1, keyHeads: 1, scale: 1 / Float(channels).squareRoot(), bias: nil, isCausal: false)
    }
    try device.addLinear(device.concatenate(attended), output, to: &frames, gates: [])
  }
}
