import Tensor

/// A still picture, 8 bits per channel.
public struct Picture: Sendable, Equatable {
  /// Columns of pixels.
  public let width: Int
  /// Rows of pixels.
  public let height: Int
  /// Red, green and blue of each pixel, row by row: `3 · width · height` bytes.
  public let pixels: [UInt8]

  /// Wraps pixels.
  /// - Precondition: There are `3 · width · height` of them, and the picture is not empty.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(
      width > 0 && height > 0 && pixels.count == 3 * width * height,
      "\(pixels.count) bytes are not a picture of \(width)×\(height)")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// Flattens pixels with opacity on white, and turns the picture as its file says.
  /// - Parameters:
  ///   - rgba: Red, green, blue and opacity of each pixel as they are stored: `4 · width · height` bytes.
  ///   - width: Columns as they are stored.
  ///   - height: Rows as they are stored.
  init(rgba: [UInt8], width: Int, height: Int, orientation: PictureOrientation) {
    let size = orientation.swapsAxes ? (width: height, height: width) : (width: width, height: height)
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * width * height)
    for row in 0..<size.height {
      for column in 0..<size.width {
        let place = orientation.source(row: row, column: column, width: width, height: height)
        let start = 4 * (place.row * width + place.column)
        let opacity = Int(rgba[start + 3])
        for color in 0..<3 {
          pixels.append(UInt8((Int(rgba[start + color]) * opacity + 255 * (255 - opacity) + 127) / 255))
        }
      }
    }
    self.init(width: size.width, height: size.height, pixels: pixels)
  }

  /// `[height, width, 3]`, float32, in the processor's memory, RGB from 0 to 1.
  public var tensor: Tensor { Tensor(pixels.map { Float($0) / 255 }, shape: [height, width, 3]) }
}

/// How a stored picture has to be turned to be upright: the numbers of EXIF's tag 0x0112.
///
/// - SeeAlso: CIPA DC-008, "Exchangeable image file format", 4.6.4.
enum PictureOrientation: Int, Sendable {
  case upright = 1
  case mirrored, turnedAround, flipped, transposed, turnedRight, transverse, turnedLeft

  /// Whether rows are stored as columns.
  var swapsAxes: Bool { rawValue >= 5 }

  /// Where a pixel of the upright picture is stored.
  /// - Parameters:
  ///   - width: Columns as they are stored.
  ///   - height: Rows as they are stored.
  func source(row: Int, column: Int, width: Int, height: Int) -> (row: Int, column: Int) {
    let (last, lowest) = (width - 1, height - 1)
    return switch self {
    case .upright: (row, column)
    case .mirrored: (row, last - column)
    case .turnedAround: (lowest - row, last - column)
    case .flipped: (lowest - row, column)
    case .transposed: (column, row)
    case .turnedRight: (lowest - column, row)
    case .transverse: (lowest - column, last - row)
    case .turnedLeft: (column, last - row)
    }
  }
}
