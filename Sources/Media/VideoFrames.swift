import Tensor

/// The frames of a video, 8 bits per channel.
public struct VideoFrames: Sendable, Equatable {
  /// Columns of pixels.
  public let width: Int
  /// Rows of pixels.
  public let height: Int
  /// Frames.
  public let count: Int
  /// Frames shown in a second.
  public let framesPerSecond: Int
  /// Red, green and blue of each pixel, row by row, frame by frame: `3 · width · height · count` bytes.
  public let pixels: [UInt8]

  /// Wraps pixels.
  /// - Precondition: There are `3 · width · height · count` of them, and the rate is positive.
  public init(width: Int, height: Int, count: Int, framesPerSecond: Int, pixels: [UInt8]) {
    precondition(
      pixels.count == 3 * width * height * count, "\(pixels.count) bytes are not \(count) frames of \(width)×\(height)")
    precondition(framesPerSecond > 0, "a video shows frames, not \(framesPerSecond) a second")
    self.width = width
    self.height = height
    self.count = count
    self.framesPerSecond = framesPerSecond
    self.pixels = pixels
  }

  /// Rounds what a decoder made to 8 bits: `255 · x`, to the nearest, halves to even; values outside [0, 1] saturate.
  /// - Parameter frames: `[F, height, width, 3]`, float32, in the processor's memory, RGB from 0 to 1.
  /// - Throws: ``MediaError`` with the code `invalidFrames` when a value is not a number.
  public init(_ frames: Tensor, framesPerSecond: Int) throws {
    precondition(frames.shape.rank == 4 && frames.shape[3] == 3, "\(frames) is not a list of RGB frames")
    let perFrame = frames.shape[1] * frames.shape[2] * 3
    let pixels = try frames.withSpan(of: Float.self) { values in
      try [UInt8](capacity: values.count) { output in
        for index in values.indices {
          guard let byte = byte(values[index]) else {
            throw MediaError(
              .invalidFrames,
              "frame \(index / perFrame + 1) holds a value that is not a number; a damaged model makes such frames, "
                + "and so do latents that overflow: try --dtype f32")
          }
          output.append(byte)
        }
      }
    }
    self.init(
      width: frames.shape[2], height: frames.shape[1], count: frames.shape[0], framesPerSecond: framesPerSecond,
      pixels: pixels)
  }

  /// The bytes of one frame.
  public func frame(_ index: Int) -> ArraySlice<UInt8> {
    let size = 3 * width * height
    return pixels[index * size..<(index + 1) * size]
  }
}

/// `255 · value` as a byte, or `nil` when it is not a number.
private func byte(_ value: Float) -> UInt8? {
  guard !value.isNaN else { return nil }
  return UInt8((min(max(value, 0), 1) * 255).rounded(.toNearestOrEven))
}
