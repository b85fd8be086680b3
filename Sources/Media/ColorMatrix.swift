/// How luma is weighted from red, green and blue.
///
/// - SeeAlso: Recommendations ITU-R BT.601 and BT.709.
public enum ColorMatrix: String, Sendable, CaseIterable {
  /// Standard definition.
  case bt601
  /// High definition.
  case bt709

  /// The matrix that players assume for frames of this size when the file does not say: BT.709 from 1280 columns or
  /// more than 576 rows on.
  public static func assumed(width: Int, height: Int) -> ColorMatrix {
    width >= 1280 || height > 576 ? .bt709 : .bt601
  }

  /// The weight of red in luma.
  var red: Float { self == .bt601 ? 0.299 : 0.2126 }
  /// The weight of blue in luma.
  var blue: Float { self == .bt601 ? 0.114 : 0.0722 }

  /// A color as luma and color differences, 10 bits each, full range; differences are 512 for gray.
  struct Color: Equatable {
    let luma: UInt16
    let blueDifference: UInt16
    let redDifference: UInt16
  }

  /// Converts one pixel.
  func convert(red r: UInt8, green g: UInt8, blue b: UInt8) -> Color {
    let (r, g, b) = (Float(r), Float(g), Float(b))
    let luma = red * r + (1 - red - blue) * g + blue * b
    func word(_ value: Float) -> UInt16 { UInt16(min(max(value.rounded(), 0), 1023)) }
    let scale: Float = 1023 / 255
    return Color(
      luma: word(luma * scale),
      blueDifference: word((b - luma) / (2 * (1 - blue)) * scale + 512),
      redDifference: word((r - luma) / (2 * (1 - red)) * scale + 512))
  }

  /// The 8-bit red, green and blue of a color: the inverse of ``convert(red:green:blue:)``.
  func pixel(_ color: Color) -> (red: UInt8, green: UInt8, blue: UInt8) {
    let scale: Float = 255 / 1023
    let luma = Float(color.luma) * scale
    let r = luma + 2 * (1 - red) * (Float(color.redDifference) - 512) * scale
    let b = luma + 2 * (1 - blue) * (Float(color.blueDifference) - 512) * scale
    let g = (luma - red * r - blue * b) / (1 - red - blue)
    func byte(_ value: Float) -> UInt8 { UInt8(min(max(value.rounded(), 0), 255)) }
    return (byte(r), byte(g), byte(b))
  }
}
