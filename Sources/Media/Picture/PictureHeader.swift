import Foundation

/// What the first bytes of a picture's file say.
///
/// - SeeAlso: PNG, <https://www.w3.org/TR/png-3/>; JPEG, ITU-T T.81; WebP, RFC 9649; EXIF, CIPA DC-008.
struct PictureHeader: Sendable, Hashable {
  /// A kind of file.
  enum Format: String, Sendable, Hashable {
    case png, jpeg, webp
  }

  let format: Format
  /// Columns and rows as they are stored.
  let width, height: Int
  let orientation: PictureOrientation

  /// Reads a header; `nil` for what is none of the three formats, or ends too early.
  init?(_ bytes: [UInt8]) {
    let reader = ByteReader(bytes: bytes)
    let found: (format: Format, width: Int, height: Int, exif: Int?)?
    if reader.matches("\u{89}PNG\r\n\u{1A}\n", at: 0) {
      found = Self.png(reader)
    } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      found = Self.jpeg(reader)
    } else if reader.matches("RIFF", at: 0), reader.matches("WEBP", at: 8) {
      found = Self.webp(reader)
    } else {
      found = nil
    }
    guard let found, found.width > 0, found.height > 0 else { return nil }
    (format, width, height) = (found.format, found.width, found.height)
    orientation = found.exif.flatMap { reader.orientation(at: $0) } ?? .upright
  }

  private typealias Found = (format: Format, width: Int, height: Int, exif: Int?)

  private static func png(_ reader: ByteReader) -> Found? {
    guard reader.matches("IHDR", at: 12), let width = reader.big(4, at: 16), let height = reader.big(4, at: 20) else {
      return nil
    }
    var (position, exif) = (8, Int?.none)
    while exif == nil, let length = reader.big(4, at: position), !reader.matches("IEND", at: position + 4) {
      if reader.matches("eXIf", at: position + 4) { exif = position + 8 }
      position += 12 + length
    }
    return (.png, width, height, exif)
  }

  private static func jpeg(_ reader: ByteReader) -> Found? {
    var (position, exif) = (2, Int?.none)
    while let marker = reader.big(2, at: position), marker >= 0xFF00 {
      // Markers may be preceded by fill bytes.
      if marker == 0xFFFF {
        position += 1
        continue
      }
      guard let length = reader.big(2, at: position + 2), length >= 2 else { return nil }
      if marker == 0xFFE1, exif == nil, reader.matches("Exif\0\0", at: position + 4) { exif = position + 10 }
      // Frames of all kinds; between them lie tables (C4, CC) and an extension (C8).
      if (0xFFC0...0xFFCF).contains(marker), ![0xFFC4, 0xFFC8, 0xFFCC].contains(marker) {
        guard let height = reader.big(2, at: position + 5), let width = reader.big(2, at: position + 7) else {
          return nil
        }
        return (.jpeg, width, height, exif)
      }
      position += 2 + length
    }
    return nil
  }

  private static func webp(_ reader: ByteReader) -> Found? {
    var size: (width: Int, height: Int)?
    var (position, exif) = (12, Int?.none)
    while let length = reader.little(4, at: position + 4) {
      let data = position + 8
      if reader.matches("VP8X", at: position), let width = reader.little(3, at: data + 4),
        let height = reader.little(3, at: data + 7)
      {
        size = (width + 1, height + 1)
      } else if size == nil, reader.matches("VP8L", at: position), let bits = reader.little(4, at: data + 1) {
        size = (bits & 0x3FFF + 1, bits >> 14 & 0x3FFF + 1)
      } else if size == nil, reader.matches("VP8 ", at: position), let width = reader.little(2, at: data + 6),
        let height = reader.little(2, at: data + 8)
      {
        size = (width & 0x3FFF, height & 0x3FFF)
      } else if reader.matches("EXIF", at: position) {
        exif = data + (reader.matches("Exif\0\0", at: data) ? 6 : 0)
      }
      position = data + length + length % 2
    }
    return size.map { (.webp, $0.width, $0.height, exif) }
  }
}

/// Reads numbers where there are enough bytes.
private struct ByteReader {
  let bytes: [UInt8]

  func big(_ count: Int, at start: Int) -> Int? {
    guard start >= 0, start <= bytes.count - count else { return nil }
    return bytes[start..<start + count].reduce(0) { $0 << 8 | Int($1) }
  }

  func little(_ count: Int, at start: Int) -> Int? {
    guard start >= 0, start <= bytes.count - count else { return nil }
    return bytes[start..<start + count].reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// Whether characters below 256 lie at a place, a byte each.
  func matches(_ text: String, at start: Int) -> Bool {
    let expected = text.unicodeScalars.map { UInt8($0.value) }
    return start <= bytes.count - expected.count && bytes[start..<start + expected.count].elementsEqual(expected)
  }

  /// The orientation in a block of EXIF, which is a TIFF file of its own.
  func orientation(at start: Int) -> PictureOrientation? {
    let isLittle = matches("II", at: start)
    guard isLittle || matches("MM", at: start) else { return nil }
    func number(_ count: Int, _ place: Int) -> Int? {
      isLittle ? little(count, at: start + place) : big(count, at: start + place)
    }
    guard let table = number(4, 4), let entries = number(2, table) else { return nil }
    for entry in 0..<entries {
      let place = table + 2 + 12 * entry
      guard let tag = number(2, place) else { return nil }
      if tag == 0x0112 { return number(2, place + 8).flatMap(PictureOrientation.init) }
    }
    return nil
  }
}
