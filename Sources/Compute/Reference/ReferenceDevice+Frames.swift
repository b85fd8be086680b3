import Tensor

/// A convolution as float32 arrays.
struct ReferenceConvolution: ConvolutionLayer {
  let shape: Shape
  /// `[kt, kh, kw, O, C]`: for every tap and output the weights of neighboring channels.
  let weight: [Float]
  /// `[O]`.
  let bias: [Float]
  let stride: Int
  let padding: SpatialPadding
  let border: FrameBorder

  var byteCount: Int { (weight.count + bias.count) * 4 }
}

/// The rows and columns of convolved frames.
func convolvedSize(
  _ weight: Shape, stride: Int, padding: SpatialPadding, height: Int, width: Int
) -> (height: Int, width: Int) {
  let rows = height + padding.top + padding.bottom - weight[3]
  let columns = width + padding.left + padding.right - weight[4]
  precondition(rows >= 0 && columns >= 0, "frames of \(height)×\(width) are too small for a kernel \(weight)")
  return (rows / stride + 1, columns / stride + 1)
}

extension ReferenceDevice {
  /// Reorders the weights as float32.
  public func makeConvolution(_ parameters: ConvolutionParameters) -> any ConvolutionLayer {
    let shape = parameters.weight.shape
    let (outputs, channels, taps) = (shape[0], shape[1], shape[2] * shape[3] * shape[4])
    let values = referenceValues(parameters.weight)
    var weight: [Float] = []
    weight.reserveCapacity(values.count)
    for tap in 0..<taps {
      for output in 0..<outputs {
        for channel in 0..<channels { weight.append(values[(output * channels + channel) * taps + tap]) }
      }
    }
    return ReferenceConvolution(
      shape: shape, weight: weight,
      bias: parameters.bias.map(referenceValues) ?? [Float](repeating: 0, count: outputs),
      stride: parameters.stride, padding: parameters.padding, border: parameters.border)
  }

  /// Convolves frames, causally in time.
  public func convolve(_ frames: Tensor, previous: Tensor?, _ layer: any ConvolutionLayer) -> Tensor {
    guard let layer = layer as? ReferenceConvolution else {
      preconditionFailure("the layer was made by another device")
    }
    return measure(.convolution) {
      let (count, height, width, channels) = (frames.shape[0], frames.shape[1], frames.shape[2], frames.shape[3])
      let (outputs, depth, rows, columns) = (layer.shape[0], layer.shape[2], layer.shape[3], layer.shape[4])
      precondition(channels == layer.shape[1], "\(frames) does not fit a convolution \(layer.shape)")
      let size = convolvedSize(
        layer.shape, stride: layer.stride, padding: layer.padding, height: height, width: width)
      let values = referenceValues(frames)
      let before = previousFrames(previous, of: frames, count: depth - 1)
      let sequence = before + values
      var result: [Float] = []
      result.reserveCapacity(count * size.height * size.width * outputs)
      for place in 0..<count * size.height * size.width {
        let frame = place / (size.height * size.width)
        let top = place / size.width % size.height * layer.stride - layer.padding.top
        let left = place % size.width * layer.stride - layer.padding.left
        var sums = layer.bias.map { Double($0) }
        for tap in 0..<depth * rows * columns {
          let time = frame + tap / (rows * columns)
          var y = top + tap / columns % rows
          var x = left + tap % columns
          if layer.border == .nearest { (y, x) = (min(max(y, 0), height - 1), min(max(x, 0), width - 1)) }
          guard y >= 0 && y < height && x >= 0 && x < width else { continue }
          let start = ((time * height + y) * width + x) * channels
          for output in 0..<outputs {
            sums[output] += dot(sequence, start, layer.weight, (tap * outputs + output) * channels, channels)
          }
        }
        for sum in sums { result.append(Float(sum)) }
      }
      return referenceTensor(result, [count, size.height, size.width, outputs])
    }
  }

  /// The frames before the first: those given, or the first one repeated.
  private func previousFrames(_ previous: Tensor?, of frames: Tensor, count: Int) -> [Float] {
    if let previous {
      precondition(
        previous.shape == Shape([count] + frames.shape.dimensions.dropFirst()),
        "\(previous) are not the \(count) frames before \(frames)")
      return referenceValues(previous)
    }
    let first = referenceValues(frames.slice(0..<1))
    return (0..<count).flatMap { _ in first }
  }

  /// Normalizes groups of channels, then modulates, then activates.
  public func normalizeGroups(
    _ frames: Tensor, _ norm: GroupNormalization, modulation: NearestModulation?, activation: Activation
  ) -> Tensor {
    measure(.other) {
      let channels = frames.shape[3]
      let places = frames.shape.count / channels
      let width = channels / norm.groups
      precondition(channels == width * norm.groups, "\(channels) channels do not fall into \(norm.groups) groups")
      let values = referenceValues(frames)
      let (weight, bias) = (referenceValues(norm.weight), referenceValues(norm.bias))
      let coarse = modulation.map { ($0, scale: referenceValues($0.scale), shift: referenceValues($0.shift)) }
      var result = [Float](repeating: 0, count: values.count)
      for group in 0..<norm.groups {
        var members: [Float] = []
        members.reserveCapacity(places * width)
        for place in 0..<places {
          members += values[place * channels + group * width..<place * channels + (group + 1) * width]
        }
        let normalized = normalizedRow(members[...], centered: true, epsilon: norm.epsilon)
        for (index, member) in normalized.enumerated() {
          let (place, channel) = (index / width, group * width + index % width)
          var value = member * Double(weight[channel]) + Double(bias[channel])
          if let (map, scale, shift) = coarse {
            let source = nearestPlace(place, of: frames.shape, in: map) * channels + channel
            value = value * Double(scale[source]) + Double(shift[source])
          }
          result[place * channels + channel] = Float(activation.exact(value))
        }
      }
      return referenceTensor(result, frames.shape)
    }
  }

  /// The place of the coarse frames that a place of the fine ones reads.
  private func nearestPlace(_ place: Int, of fine: Shape, in modulation: NearestModulation) -> Int {
    let coarse = modulation.scale.shape
    let y = place / fine[2] % fine[1] * coarse[1] / fine[1]
    let x = place % fine[2] * coarse[2] / fine[2]
    return (modulation.frameMap[place / (fine[1] * fine[2])] * coarse[1] + y) * coarse[2] + x
  }

  /// Repeats each place `2×2` times, and frames as `frameMap` says.
  public func upsample(_ frames: Tensor, frameMap: [Int]) -> Tensor {
    measure(.other) {
      let (height, width, channels) = (frames.shape[1], frames.shape[2], frames.shape[3])
      let values = referenceValues(frames)
      var result: [Float] = []
      result.reserveCapacity(frameMap.count * 4 * height * width * channels)
      for frame in frameMap {
        for place in 0..<4 * height * width {
          let (y, x) = (place / (2 * width) / 2, place % (2 * width) / 2)
          let start = ((frame * height + y) * width + x) * channels
          result += values[start..<start + channels]
        }
      }
      return referenceTensor(result, [frameMap.count, 2 * height, 2 * width, channels])
    }
  }
}
