import CKernels
import Tensor

extension CPUDevice {
  /// Normalizes groups of channels in two passes over memory: sums of all channels, then one map that also modulates
  /// and activates.
  public func normalizeGroups(
    _ frames: Tensor, _ norm: GroupNormalization, modulation: NearestModulation?, activation: Activation
  ) throws -> Tensor {
    try measure(.other) {
      let (height, width, channels) = (frames.shape[1], frames.shape[2], frames.shape[3])
      precondition(
        channels % norm.groups == 0 && norm.weight.shape == [channels] && norm.bias.shape == [channels],
        "a norm of \(norm.groups) groups with weights \(norm.weight.shape) does not fit \(frames)")
      precondition(
        modulation.map {
          $0.scale.shape == $0.shift.shape && $0.scale.shape[3] == channels
            && $0.scale.elementType == frames.elementType
            && $0.shift.elementType == frames.elementType && $0.frameMap.count == frames.shape[0]
        } ?? true, "the modulation does not fit \(frames)")
      let result = try makeTensor(frames.shape, frames.elementType)
      let maps = try channelMaps(frames, norm)
      let rows = frames.shape[0] * height
      let grain = max(1, (1 << 15) / max(1, width * channels))
      let rowBytes = width * channels * frames.elementType.byteCount
      unsafe frames.withHostPointer { input in
        unsafe result.withHostPointer { output in
          unsafe maps.withHostPointer { maps in
            let factor = unsafe maps.assumingMemoryBound(to: Float.self)
            workers.run(count: rows, grain: grain) { range in
              for row in range {
                let coarse = modulation.map { CoarseRow($0, frame: row / height, row: row % height, of: height) }
                unsafe withOptionalAddresses(coarse?.scale, coarse?.shift) { scale, shift in
                  var map = unsafe svg_channel_map(
                    factor: factor, offset: factor + channels, scale: scale, shift: shift,
                    coarse_places: Int64(coarse?.places ?? 0), activation: activation.kernelActivation)
                  unsafe svg_apply_channels(
                    instructionSet, frames.elementType.kernelElement, input + row * rowBytes,
                    output + row * rowBytes, Int64(width), Int64(channels), &map)
                }
              }
            }
          }
        }
      }
      return result
    }
  }

  /// `[2, C]`, float32: for each channel the factor and the offset that normalize its group and apply its weights.
  ///
  /// Sums are taken over fixed stretches of places and added in order, in double precision, around the values of the
  /// first place: the difference of squares keeps its digits, and the number of threads does not matter.
  private func channelMaps(_ frames: Tensor, _ norm: GroupNormalization) throws -> Tensor {
    let channels = frames.shape[3]
    let places = frames.shape.count / channels
    let grain = max(64, (1 << 17) / channels)
    let stretches = (places + grain - 1) / grain
    let origin = try converted(frames.reshaped([places, channels]).slice(0..<1), to: .float32)
    // Doubles are two floats wide.
    let sums = try makeTensor([stretches, 2 * channels, 2], .float32)
    let bytes = frames.elementType.byteCount
    return unsafe withFloats(origin) { origin in
      guard let origin = unsafe origin else { preconditionFailure("the origin was just made") }
      return unsafe sums.withHostPointer { sums in
        let sums = unsafe sums.assumingMemoryBound(to: Double.self)
        unsafe frames.withHostPointer { input in
          workers.run(count: places, grain: grain) { range in
            unsafe svg_channel_sums(
              instructionSet, frames.elementType.kernelElement, input + range.lowerBound * channels * bytes,
              Int64(range.count), Int64(channels), origin, sums + range.lowerBound / grain * 2 * channels)
          }
        }
        var totals = [Double](repeating: 0, count: 2 * channels)
        for stretch in 0..<stretches {
          for index in 0..<2 * channels { totals[index] += unsafe sums[stretch * 2 * channels + index] }
        }
        let origins = (0..<channels).map { unsafe Double(origin[$0]) }
        return Self.channelMaps(totals, origins, places: Double(places), norm)
      }
    }
  }

  /// - Parameter totals: `Σ(x − o)` of all channels, then `Σ(x − o)²`.
  private static func channelMaps(
    _ totals: [Double], _ origins: [Double], places: Double, _ norm: GroupNormalization
  ) -> Tensor {
    let channels = origins.count
    let width = channels / norm.groups
    let count = places * Double(width)
    let (weight, bias) = (norm.weight.floats(), norm.bias.floats())
    var maps = [Float](repeating: 0, count: 2 * channels)
    for group in 0..<norm.groups {
      let members = group * width..<(group + 1) * width
      let mean = members.reduce(0) { $0 + totals[$1] + places * origins[$1] } / count
      let variance =
        members.reduce(0) { sum, channel in
          let distance = mean - origins[channel]
          return sum + totals[channels + channel] - 2 * totals[channel] * distance + places * distance * distance
        } / count
      let factor = 1 / (max(0, variance) + Double(norm.epsilon)).squareRoot()
      for channel in members {
        maps[channel] = Float(factor * Double(weight[channel]))
        maps[channels + channel] = Float(Double(bias[channel]) - mean * factor * Double(weight[channel]))
      }
    }
    return Tensor(maps, shape: [2, channels])
  }

  /// Repeats each place `2×2` times, and frames as `frameMap` says.
  public func upsample(_ frames: Tensor, frameMap: [Int]) throws -> Tensor {
    try measure(.other) {
      let (height, width) = (frames.shape[1], frames.shape[2])
      let placeBytes = frames.shape[3] * frames.elementType.byteCount
      precondition(frameMap.allSatisfy { $0 >= 0 && $0 < frames.shape[0] }, "\(frames) has not all of \(frameMap)")
      let result = try makeTensor([frameMap.count, 2 * height, 2 * width, frames.shape[3]], frames.elementType)
      unsafe frames.withHostPointer { input in
        unsafe result.withHostPointer { output in
          workers.run(frameMap.count * height) { task in
            let source = unsafe input + (frameMap[task / height] * height + task % height) * width * placeBytes
            let target = unsafe output + task * 4 * width * placeBytes
            for place in 0..<2 * width {
              unsafe (target + place * placeBytes).copyMemory(
                from: source + place / 2 * placeBytes, byteCount: placeBytes)
            }
            unsafe (target + 2 * width * placeBytes).copyMemory(from: target, byteCount: 2 * width * placeBytes)
          }
        }
      }
      return result
    }
  }
}

/// The row of a coarse modulation that a row of a frame reads.
private struct CoarseRow {
  let scale: Tensor
  let shift: Tensor
  let places: Int

  init(_ modulation: NearestModulation, frame: Int, row: Int, of height: Int) {
    let coarse = modulation.scale.shape
    let index = modulation.frameMap[frame] * coarse[1] + row * coarse[1] / height
    func part(_ tensor: Tensor) -> Tensor {
      tensor.reshaped([coarse[0] * coarse[1], coarse[2] * coarse[3]]).slice(index..<index + 1)
    }
    scale = part(modulation.scale)
    shift = part(modulation.shift)
    places = coarse[2]
  }
}

/// Calls `body` with the addresses of two tensors, or with `nil`.
private func withOptionalAddresses(
  _ one: Tensor?, _ other: Tensor?, _ body: (UnsafeRawPointer?, UnsafeRawPointer?) -> Void
) {
  guard let one, let other else { return body(nil, nil) }
  unsafe one.withHostPointer { one in unsafe other.withHostPointer { other in unsafe body(one, other) } }
}
