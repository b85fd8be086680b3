/// Reads JSON as RFC 8259 has it and nothing else: no comments, no trailing commas, no `NaN`.
///
/// Made for files that may be hostile: keys that occur twice are refused, the nesting depth is bounded so that the
/// stack cannot be exhausted, and text that is not UTF-8 is an error with its place.
/// - Complexity: O(bytes).
package struct JSONParser {
  /// What was wrong, and at which byte.
  package struct Failure: Error, Hashable, CustomStringConvertible {
    /// What was wrong.
    package let reason: String
    /// The place, in bytes from the start of the text.
    package let offset: Int

    /// For example `a key occurs twice: "shape" (byte 312)`.
    package var description: String { "\(reason) (byte \(offset))" }
  }

  /// How deep arrays and objects may nest. Real headers need 3, configurations and tokenizers fewer than 20.
  package static let maximumDepth = 64

  private let bytes: [UInt8]
  private var position = 0

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Reads one value that fills the text, whitespace around it aside.
  /// - Throws: ``JSONParser/Failure`` for everything that is no such value.
  package static func parse(_ bytes: [UInt8]) throws(Failure) -> JSONValue {
    var parser = JSONParser(bytes)
    let value = try parser.value(depth: 0)
    parser.skipWhitespace()
    guard parser.position == bytes.count else { throw parser.failure("there is text after the value") }
    return value
  }

  private func failure(_ reason: String) -> Failure { Failure(reason: reason, offset: position) }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipWhitespace() {
    while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard current == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(Failure) -> JSONValue {
    skipWhitespace()
    switch current {
    case UInt8(ascii: "{"): return try object(depth: depth + 1)
    case UInt8(ascii: "["): return try array(depth: depth + 1)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case nil: throw failure("the text ends where a value should be")
    case let byte? where byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte): return try number()
    default: throw failure("no value starts like this")
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(Failure) -> JSONValue {
    for byte in String(describing: word).utf8 {
      guard current == byte else { throw failure("expected \(word)") }
      position += 1
    }
    return value
  }

  private mutating func object(depth: Int) throws(Failure) -> JSONValue {
    guard depth <= Self.maximumDepth else { throw failure("nested deeper than \(Self.maximumDepth) levels") }
    position += 1
    var members = JSONObject()
    skipWhitespace()
    if skip("}") { return .object(members) }
    while true {
      skipWhitespace()
      guard current == UInt8(ascii: "\"") else { throw failure("expected a key in quotes") }
      let start = position
      let key = try string()
      skipWhitespace()
      guard skip(":") else { throw failure("expected a colon after a key") }
      guard members.append(key, try value(depth: depth)) else {
        throw Failure(reason: "a key occurs twice: \"\(key.prefix(80))\"", offset: start)
      }
      skipWhitespace()
      if skip("}") { return .object(members) }
      guard skip(",") else { throw failure("expected a comma or the end of an object") }
    }
  }

  private mutating func array(depth: Int) throws(Failure) -> JSONValue {
    guard depth <= Self.maximumDepth else { throw failure("nested deeper than \(Self.maximumDepth) levels") }
    position += 1
    var elements: [JSONValue] = []
    skipWhitespace()
    if skip("]") { return .array(elements) }
    while true {
      elements.append(try value(depth: depth))
      skipWhitespace()
      if skip("]") { return .array(elements) }
      guard skip(",") else { throw failure("expected a comma or the end of a list") }
    }
  }

  private mutating func digits() -> Int {
    let start = position
    while let byte = current, byte >= 0x30, byte <= 0x39 { position += 1 }
    return position - start
  }

  private mutating func number() throws(Failure) -> JSONValue {
    let start = position
    _ = skip("-")
    if !skip("0"), digits() == 0 { throw failure("expected a digit") }
    if skip("."), digits() == 0 { throw failure("expected a digit after the point") }
    if skip("e") || skip("E") {
      if !skip("+") { _ = skip("-") }
      if digits() == 0 { throw failure("expected a digit in the exponent") }
    }
    return .number(String(decoding: bytes[start..<position], as: UTF8.self))
  }

  private mutating func string() throws(Failure) -> String {
    let start = position
    position += 1
    var text: [UInt8] = []
    var run = position
    while let byte = current {
      switch byte {
      case UInt8(ascii: "\""):
        text += bytes[run..<position]
        position += 1
        guard let string = String(validating: text, as: UTF8.self) else {
          throw Failure(reason: "a string is not UTF-8", offset: start)
        }
        return string
      case UInt8(ascii: "\\"):
        text += bytes[run..<position]
        position += 1
        text += Array(String(Character(try escaped())).utf8)
        run = position
      case 0..<0x20: throw failure("a control character stands in a string")
      default: position += 1
      }
    }
    throw Failure(reason: "a string does not end", offset: start)
  }

  private mutating func escaped() throws(Failure) -> Unicode.Scalar {
    guard let byte = current else { throw failure("the text ends in an escape") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let unit = try hexadecimal()
      if let scalar = Unicode.Scalar(unit) { return scalar }
      // A high surrogate needs its low half; together they name one scalar beyond the first plane.
      guard unit < 0xDC00, skip("\\"), skip("u") else { throw failure("half of a surrogate pair") }
      let low = try hexadecimal()
      guard (0xDC00..<0xE000).contains(low),
        let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
      else { throw failure("half of a surrogate pair") }
      return scalar
    default: throw failure("unknown escape")
    }
  }

  private mutating func hexadecimal() throws(Failure) -> UInt32 {
    var unit: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure("expected four hexadecimal digits")
      }
      unit = unit << 4 | UInt32(digit)
      position += 1
    }
    return unit
  }
}
