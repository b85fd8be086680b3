import Tensor

// What decoders of autoencoders do with frames outside of their networks: tensors `[F, h, w, C]`, float32, in the
// processor's memory.

extension Tensor {
  /// Latents as a network takes them: checked, multiplied, channels last.
  /// - Parameters:
  ///   - latents: `[1, F', C, h, w]`, float32, in the processor's memory.
  ///   - channels: `C`.
  ///   - factor: What each number is multiplied by.
  /// - Returns: `[F', h, w, C]`.
  /// - Throws: ``ModelError`` with the code `wrongLatents` or `notFinite`.
  static func decoderInput(_ latents: Tensor, channels: Int, factor: Float) throws -> Tensor {
    let shape = latents.shape
    guard shape.rank == 5, shape[0] == 1, shape[2] == channels, shape.count > 0 else {
      throw ModelError(
        .wrongLatents, "latents must have the shape [1, frames, \(channels), height, width], not \(shape)")
    }
    let places = shape[3] * shape[4]
    let result = Tensor.host([shape[1], shape[3], shape[4], channels], .float32)
    var isFinite = true
    latents.withSpan(of: Float.self) { source in
      result.withMutableSpan(of: Float.self) { target in
        for frame in 0..<shape[1] {
          for channel in 0..<channels {
            for place in 0..<places {
              let value = source[(frame * channels + channel) * places + place]
              isFinite = isFinite && value.isFinite
              target[(frame * places + place) * channels + channel] = value * factor
            }
          }
        }
      }
    }
    guard isFinite else {
      throw ModelError(
        .notFinite, "the latents contain numbers that are not finite; try --dtype f32, or check the model's weights")
    }
    return result
  }

  /// Frames of several tensors one after the other; a tensor alone is not copied.
  static func joiningFrames(_ parts: [Tensor]) -> Tensor {
    guard parts.count > 1 else { return parts[0] }
    let frames = parts.reduce(0) { $0 + $1.shape[0] }
    let result = Tensor.host(Shape([frames] + parts[0].shape.dimensions.dropFirst()), .float32)
    var first = 0
    for part in parts {
      result.slice(first..<first + part.shape[0]).fill(from: part)
      first += part.shape[0]
    }
    return result
  }

  /// Copies as many elements from another tensor, in place.
  func fill(from source: Tensor) {
    precondition(shape.count == source.shape.count, "\(source) does not fill \(self)")
    source.withSpan(of: Float.self) { source in
      withMutableSpan(of: Float.self) { target in
        target.copy(source, to: 0)
      }
    }
  }

  /// A part of every frame, copied.
  func cropped(rows: Range<Int>, columns: Range<Int>) -> Tensor {
    let result = Tensor.host([shape[0], rows.count, columns.count, shape[3]], .float32)
    withSpan(of: Float.self) { source in
      result.withMutableSpan(of: Float.self) { target in
        let width = columns.count * shape[3]
        for frame in 0..<shape[0] {
          for (index, row) in rows.enumerated() {
            let start = ((frame * shape[1] + row) * shape[2] + columns.lowerBound) * shape[3]
            target.copy(source.extracting(start..<start + width), to: (frame * rows.count + index) * width)
          }
        }
      }
    }
    return result
  }

  /// Brings colors from −1…1 to 0…1, in place.
  func toRGB() -> Tensor {
    withMutableSpan(of: Float.self) { values in
      for index in values.indices { values[index] = min(max(values[index] / 2 + 0.5, 0), 1) }
    }
    return self
  }
}
