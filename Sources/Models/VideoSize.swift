/// The size of a video in pixels and frames.
public struct VideoSize: Hashable, Sendable, Codable, CustomStringConvertible {
  /// Columns of pixels.
  public var width: Int
  /// Rows of pixels.
  public var height: Int
  /// Frames.
  public var frames: Int

  /// Creates a size.
  public init(width: Int, height: Int, frames: Int) {
    self.width = width
    self.height = height
    self.frames = frames
  }

  /// For example `720×480, 49 frames`.
  public var description: String { "\(width)×\(height), \(frames) frame\(frames == 1 ? "" : "s")" }
}

/// Which sizes a model can make.
public struct SizeRule: Hashable, Sendable {
  /// Width and height are multiples of this many pixels.
  public let pixelMultiple: Int
  /// The number of frames is 1 more than a multiple of this.
  public let frameMultiple: Int
  /// The width and height that a model's grid of positions ends at, if it does.
  public let largest: VideoSize?
  /// The one size that a model with learned positions can make, if it has them.
  public let onlySize: VideoSize?

  /// Creates a rule.
  public init(pixelMultiple: Int, frameMultiple: Int, largest: VideoSize? = nil, onlySize: VideoSize? = nil) {
    self.pixelMultiple = pixelMultiple
    self.frameMultiple = frameMultiple
    self.largest = largest
    self.onlySize = onlySize
  }

  /// Checks a size.
  /// - Throws: ``ModelError`` with the code `illegalSize` that names the two nearest legal values; nothing is rounded.
  public func check(_ size: VideoSize) throws {
    if let onlySize, size != onlySize {
      throw ModelError(.illegalSize, "this model makes \(onlySize) only, because its positions were learned for it")
    }
    try check(size.width, "width", offset: 0, multiple: pixelMultiple, of: "a multiple of \(pixelMultiple)")
    try check(size.height, "height", offset: 0, multiple: pixelMultiple, of: "a multiple of \(pixelMultiple)")
    if let largest, size.width > largest.width || size.height > largest.height {
      throw ModelError(
        .illegalSize,
        "this model makes videos of at most \(largest.width)×\(largest.height), not \(size.width)×\(size.height)")
    }
    try check(
      size.frames, "number of frames", offset: 1, multiple: frameMultiple,
      of: "one more than a multiple of \(frameMultiple)")
  }

  private func check(_ value: Int, _ name: String, offset: Int, multiple: Int, of rule: String) throws {
    let smallest = offset == 0 ? multiple : offset
    guard value < smallest || (value - offset) % multiple != 0 else { return }
    let below = max(smallest, value < smallest ? smallest : (value - offset) / multiple * multiple + offset)
    let message = "the \(name) must be \(rule), which \(value) is not"
    throw ModelError(.illegalSize, "\(message); the nearest are \(below) and \(below + multiple)")
  }
}
