import Foundation

/// A PNG of a frame, without compression: what the tests embed in a report without another program's help.
/// - Parameter pixels: `[height, width, 3]` row-major, red, green, blue.
func png(_ pixels: [UInt8], width: Int, height: Int) -> Data {
  func big(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
  func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + content
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in body { crc = (crc >> 8) ^ crcTable[Int((crc ^ UInt32(byte)) & 0xFF)] }
    return big(UInt32(content.count)) + body + big(~crc)
  }
  // Each row starts with its filter: none.
  var rows: [UInt8] = []
  for y in 0..<height { rows += [0] + pixels[y * width * 3..<(y + 1) * width * 3] }
  var (low, high): (UInt32, UInt32) = (1, 0)
  for byte in rows {
    low = (low + UInt32(byte)) % 65521
    high = (high + low) % 65521
  }
  var compressed: [UInt8] = [0x78, 0x01]
  for start in stride(from: 0, to: rows.count, by: 65535) {
    let block = rows[start..<min(start + 65535, rows.count)]
    let count = UInt16(block.count)
    compressed += [block.endIndex == rows.count ? 1 : 0]
    for word in [count, ~count] { compressed += [UInt8(word & 0xFF), UInt8(word >> 8)] }
    compressed += block
  }
  compressed += big(high << 16 | low)
  let header = big(UInt32(width)) + big(UInt32(height)) + [8, 2, 0, 0, 0]
  return Data(
    [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header) + chunk("IDAT", compressed)
      + chunk("IEND", []))
}

private let crcTable: [UInt32] = (0..<256).map { index in
  (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
}
