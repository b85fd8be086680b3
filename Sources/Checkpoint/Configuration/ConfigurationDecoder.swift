/// Decodes a parsed configuration, so that every error can name the file, the path of the key and the value.
///
/// Foundation's decoder loses the path of a number that does not fit its type, and would parse the text a second time.
struct ConfigurationDecoder: Decoder {
  /// The file's name, for messages.
  let path: String
  /// How the keys of the file become names of properties.
  let keys: ConfigurationFile.KeyStyle
  /// The value that is decoded.
  let value: JSONValue
  /// Where the value stands in the file: `rope.axes_dim[1]`; empty for the whole.
  let place: String
  let codingPath: [any CodingKey]

  /// Nothing is passed through.
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  /// The decoder of a value inside this one.
  func inner(_ value: JSONValue, _ place: String, _ key: any CodingKey) -> ConfigurationDecoder {
    ConfigurationDecoder(path: path, keys: keys, value: value, place: place, codingPath: codingPath + [key])
  }

  private var quotedPlace: String { place.isEmpty ? "the whole file" : "\"\(place)\"" }

  func wrongType(_ expected: String) -> CheckpointError {
    CheckpointError(.wrongType, "\(path): \(quotedPlace) is \(value.summary); expected \(expected).")
  }

  func impossible(_ expected: String) -> CheckpointError {
    CheckpointError(.impossibleValue, "\(path): \(quotedPlace) is \(value.summary); expected \(expected).")
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard let members = value.object else { throw wrongType("an object") }
    return KeyedDecodingContainer(ConfigurationMembers(decoder: self, members: members))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard let elements = value.array else { throw wrongType("a list") }
    return ConfigurationElements(decoder: self, elements: elements)
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

  /// Decodes the value as a type that brings its own decoding.
  func value<Value: Decodable>(as type: Value.Type) throws -> Value {
    do {
      return try Value(from: self)
    } catch DecodingError.dataCorrupted(let context) where context.codingPath.count >= codingPath.count {
      // An enumeration that has no such case.
      throw CheckpointError(
        .impossibleValue,
        "\(path): \(quotedPlace) is \(value.summary), which means nothing here: \(context.debugDescription)")
    }
  }
}

extension ConfigurationDecoder: SingleValueDecodingContainer {
  func decodeNil() -> Bool { value == .null }

  func decode(_ type: Bool.Type) throws -> Bool {
    guard let bool = value.bool else { throw wrongType("true or false") }
    return bool
  }

  func decode(_ type: String.Type) throws -> String {
    guard let string = value.string else { throw wrongType("a string") }
    return string
  }

  func decode(_ type: Double.Type) throws -> Double { try number() }
  func decode(_ type: Float.Type) throws -> Float { try number() }
  func decode(_ type: Int.Type) throws -> Int { try wholeNumber() }
  func decode(_ type: Int8.Type) throws -> Int8 { try wholeNumber() }
  func decode(_ type: Int16.Type) throws -> Int16 { try wholeNumber() }
  func decode(_ type: Int32.Type) throws -> Int32 { try wholeNumber() }
  func decode(_ type: Int64.Type) throws -> Int64 { try wholeNumber() }
  func decode(_ type: UInt.Type) throws -> UInt { try wholeNumber() }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try wholeNumber() }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try wholeNumber() }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try wholeNumber() }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try wholeNumber() }
  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try value(as: type) }

  private func wholeNumber<Number: FixedWidthInteger>() throws -> Number {
    guard case .number(let text) = value else { throw wrongType("a whole number") }
    // Python writes some whole numbers as 1.0 or 1e4.
    guard let number = Number(text) ?? Double(text).flatMap({ Number(exactly: $0) }) else {
      throw impossible("a whole number of at most \(Number.bitWidth) bits")
    }
    return number
  }

  private func number<Number: BinaryFloatingPoint & LosslessStringConvertible>() throws -> Number {
    guard case .number(let text) = value else { throw wrongType("a number") }
    guard let number = Number(text), number.isFinite else { throw impossible("a number that \(Number.self) can hold") }
    return number
  }
}

/// The members of an object, by the names of properties.
private struct ConfigurationMembers<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let decoder: ConfigurationDecoder
  let members: JSONObject

  var codingPath: [any CodingKey] { decoder.codingPath }
  var allKeys: [Key] { members.keys.compactMap { Key(stringValue: $0) } }

  /// The key as the file has it.
  private func written(_ key: any CodingKey) -> String {
    let name = key.stringValue
    guard decoder.keys == .snakeCase, members[name] == nil else { return name }
    return name.reduce(into: "") { text, character in
      text += character.isUppercase ? "_\(character.lowercased())" : String(character)
    }
  }

  private func member(_ key: any CodingKey) throws -> ConfigurationDecoder {
    let name = written(key)
    let place = decoder.place.isEmpty ? name : "\(decoder.place).\(name)"
    guard let value = members[name] else {
      throw CheckpointError(.missingKey, "\(decoder.path): the configuration has no \"\(place)\", which is needed.")
    }
    return decoder.inner(value, place, key)
  }

  func contains(_ key: Key) -> Bool { members[written(key)] != nil }
  func decodeNil(forKey key: Key) throws -> Bool { try member(key).decodeNil() }
  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try member(key).decode(type) }
  func decode(_ type: String.Type, forKey key: Key) throws -> String { try member(key).decode(type) }
  func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try member(key).decode(type) }
  func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try member(key).decode(type) }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try member(key).decode(type) }
  func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try member(key).decode(type) }
  func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try member(key).decode(type) }
  func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try member(key).decode(type) }
  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try member(key).decode(type) }
  func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try member(key).decode(type) }
  func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try member(key).decode(type) }
  func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try member(key).decode(type) }
  func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try member(key).decode(type) }
  func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try member(key).decode(type) }

  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try member(key).value(as: type)
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> { try member(key).container(keyedBy: type) }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try member(key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder { decoder }
  func superDecoder(forKey key: Key) throws -> any Decoder { try member(key) }
}

/// The elements of a list, one after the other.
private struct ConfigurationElements: UnkeyedDecodingContainer {
  struct Index: CodingKey {
    let intValue: Int?
    var stringValue: String { intValue.map(String.init) ?? "" }
    init(intValue: Int) { self.intValue = intValue }
    init?(stringValue: String) { return nil }
  }

  let decoder: ConfigurationDecoder
  let elements: [JSONValue]
  var currentIndex = 0

  init(decoder: ConfigurationDecoder, elements: [JSONValue]) {
    self.decoder = decoder
    self.elements = elements
  }

  var codingPath: [any CodingKey] { decoder.codingPath }
  var count: Int? { elements.count }
  var isAtEnd: Bool { currentIndex == elements.count }

  private mutating func next() throws -> ConfigurationDecoder {
    guard currentIndex < elements.count else { throw decoder.impossible("more than \(elements.count) elements") }
    defer { currentIndex += 1 }
    return decoder.inner(elements[currentIndex], "\(decoder.place)[\(currentIndex)]", Index(intValue: currentIndex))
  }

  mutating func decodeNil() throws -> Bool {
    guard !isAtEnd, elements[currentIndex] == .null else { return false }
    currentIndex += 1
    return true
  }

  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try next().value(as: type) }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> { try next().container(keyedBy: type) }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }
  mutating func superDecoder() throws -> any Decoder { try next() }
}
