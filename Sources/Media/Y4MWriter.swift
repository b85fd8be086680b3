import Files

/// Writes YUV4MPEG2 (`.y4m`), uncompressed and without loss.
///
/// The format holds luma and chroma, not red, green and blue. Frames are therefore written with full chroma resolution,
/// full range and 10 bits (`C444p10`): the two extra bits are what makes the way back to 8-bit RGB exact. The rounding
/// errors of luma and chroma, each at most 1/8 of an 8-bit step, move a channel by at most
/// `1/8 · (1 + 1.8556) = 0.36` steps, which rounds to the same byte.
///
/// The format cannot say which matrix was used; players take BT.601 for small and BT.709 for large frames, so that is
/// what is written: see ``ColorMatrix/assumed(width:height:)``.
/// - SeeAlso: <https://wiki.multimedia.cx/index.php/YUV4MPEG2>
public struct Y4MWriter: Sendable {
  /// Creates a writer.
  public init() {}

  /// Writes a video.
  /// - Throws: `FileError` when the file cannot be written, `CancellationError` when the task is canceled; no file
  ///   is left behind then.
  public func write(_ frames: VideoFrames, to path: String) throws {
    try write(frames, into: AtomicFile(path))
  }

  func write(_ frames: VideoFrames, into file: consuming AtomicFile) throws {
    try file.write(Array(Self.header(frames).utf8))
    let matrix = ColorMatrix.assumed(width: frames.width, height: frames.height)
    for index in 0..<frames.count {
      try Task.checkCancellation()
      try file.write(Array("FRAME\n".utf8))
      try file.write(Self.planes(frames.frame(index), matrix: matrix))
    }
    try file.commit()
  }

  /// The line that describes the stream.
  static func header(_ frames: VideoFrames) -> String {
    "YUV4MPEG2 W\(frames.width) H\(frames.height) F\(frames.framesPerSecond):1 Ip A1:1 C444p10 XYSCSS=444P10 "
      + "XCOLORRANGE=FULL\n"
  }

  /// The luma plane, then both chroma planes, as 16-bit little-endian words that hold 10 bits.
  static func planes(_ pixels: ArraySlice<UInt8>, matrix: ColorMatrix) -> [UInt8] {
    let count = pixels.count / 3
    var planes = [UInt8](repeating: 0, count: 6 * count)
    for index in 0..<count {
      let place = pixels.startIndex + 3 * index
      let color = matrix.convert(red: pixels[place], green: pixels[place + 1], blue: pixels[place + 2])
      func set(_ plane: Int, _ value: UInt16) {
        let byte = 2 * (plane * count + index)
        planes[byte] = UInt8(truncatingIfNeeded: value)
        planes[byte + 1] = UInt8(truncatingIfNeeded: value >> 8)
      }
      set(0, color.luma)
      set(1, color.blueDifference)
      set(2, color.redDifference)
    }
    return planes
  }
}
