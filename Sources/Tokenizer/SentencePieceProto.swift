import Checkpoint

/// The few fields of SentencePiece's ModelProto that are written and read here, in protobuf's wire format.
///
/// Source: <https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto>.
enum SentencePieceProto {
  /// What a piece is to the model, with the numbers of the format.
  enum PieceType: Int {
    case normal = 1
    case unknown = 2
    /// Has an id, but is never found in text.
    case control = 3
  }

  /// One piece of a Unigram vocabulary.
  struct Piece {
    var text: String
    var score: Float
    var type: PieceType
  }

  /// Writes a Unigram model.
  /// - Parameters:
  ///   - pieces: The vocabulary in the order of the ids; exactly one piece is unknown.
  ///   - characterMap: The compiled normalization table, or `nil` to leave the text alone.
  /// - Returns: A serialized ModelProto.
  static func unigramModel(_ pieces: [Piece], characterMap: [UInt8]?) -> [UInt8] {
    var model: [UInt8] = []
    var unknown = 0
    for (id, piece) in pieces.enumerated() {
      if piece.type == .unknown { unknown = id }
      var message: [UInt8] = []
      append(&message, field: 1, Array(piece.text.utf8))
      append(&message, field: 2, piece.score)
      append(&message, field: 3, piece.type.rawValue)
      append(&model, field: 1, message)
    }
    var trainer: [UInt8] = []
    append(&trainer, field: 3, 1)  // model_type: UNIGRAM
    append(&trainer, field: 4, pieces.count)
    append(&trainer, field: 40, unknown)
    append(&trainer, field: 45, Array((pieces.isEmpty ? "" : pieces[unknown].text).utf8))
    append(&model, field: 2, trainer)
    var normalizer: [UInt8] = []
    append(&normalizer, field: 1, Array((characterMap == nil ? "identity" : "precompiled").utf8))
    if let characterMap { append(&normalizer, field: 2, characterMap) }
    append(&normalizer, field: 3, 1)  // add_dummy_prefix
    append(&normalizer, field: 4, 1)  // remove_extra_whitespaces
    append(&normalizer, field: 5, 1)  // escape_whitespaces
    append(&model, field: 3, normalizer)
    return model
  }

  private static func append(_ bytes: inout [UInt8], varint value: Int) {
    var rest = UInt64(bitPattern: Int64(value))
    while rest > 0x7F {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private static func append(_ bytes: inout [UInt8], field: Int, _ value: Int) {
    append(&bytes, varint: field << 3)
    append(&bytes, varint: value)
  }

  private static func append(_ bytes: inout [UInt8], field: Int, _ value: [UInt8]) {
    append(&bytes, varint: field << 3 | 2)
    append(&bytes, varint: value.count)
    bytes += value
  }

  private static func append(_ bytes: inout [UInt8], field: Int, _ value: Float) {
    append(&bytes, varint: field << 3 | 5)
    bytes += (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) }
  }

  /// Whether a model has a normalization table.
  static func hasCharacterMap(_ model: [UInt8]) -> Bool {
    fields(3, in: model[...]).contains { fields(2, in: $0).contains { !$0.isEmpty } }
  }

  /// Refuses a model whose normalization table would lead the library outside its memory.
  ///
  /// The table is a double-array trie (Darts) that the library walks without looking at bounds: from unit `p`, byte
  /// `b` leads to unit `p ^ offset ^ b`, and a leaf's value is a place in the strings behind the trie.
  /// - Throws: ``TokenizerError`` with code `invalidTokenizer`.
  static func checkCharacterMap(ofModel model: [UInt8], path: String) throws(TokenizerError) {
    for normalizer in fields(3, in: model[...]) + fields(5, in: model[...]) {
      for map in fields(2, in: normalizer) where !map.isEmpty {
        guard isCharacterMap(Array(map)) else {
          throw TokenizerError(
            .invalidTokenizer, "\(path): the normalization table of the model is damaged; fetch it again.")
        }
      }
    }
  }

  /// Whether every walk through a normalization table stays inside it.
  static func isCharacterMap(_ bytes: [UInt8]) -> Bool {
    func word(_ index: Int) -> Int {
      let place = index * 4
      return Int(bytes[place]) | Int(bytes[place + 1]) << 8 | Int(bytes[place + 2]) << 16 | Int(bytes[place + 3]) << 24
    }
    guard bytes.count > 4 else { return false }
    let trieByteCount = word(0)
    guard trieByteCount > 0, trieByteCount % 1024 == 0, trieByteCount < bytes.count - 4, bytes.last == 0 else {
      return false
    }
    let units = trieByteCount / 4
    let stringByteCount = bytes.count - 4 - trieByteCount
    for index in 0..<units {
      let unit = word(index + 1)
      if unit & 0x8000_0000 != 0 {
        guard unit & 0x7FFF_FFFF < stringByteCount else { return false }
      } else {
        let offset = (unit >> 10) << ((unit & 0x200) >> 6)
        guard (index ^ offset) | 0xFF < units else { return false }
      }
    }
    return true
  }

  /// The length-delimited fields of a message that have a number; what cannot be read ends the list.
  private static func fields(_ number: Int, in message: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    var found: [ArraySlice<UInt8>] = []
    var rest = message
    func varint() -> Int? {
      var value: UInt64 = 0
      for shift in stride(from: 0, to: 70, by: 7) {
        guard let byte = rest.popFirst() else { return nil }
        value |= UInt64(byte & 0x7F) << UInt64(shift)
        if byte < 0x80 { return Int(exactly: value) ?? -1 }
      }
      return nil
    }
    while let key = varint() {
      switch key & 7 {
      case 0: guard varint() != nil else { return found }
      case 1: rest = rest.dropFirst(8)
      case 5: rest = rest.dropFirst(4)
      case 2:
        guard let count = varint(), count >= 0, count <= rest.count else { return found }
        if key >> 3 == number { found.append(rest.prefix(count)) }
        rest = rest.dropFirst(count)
      default: return found
      }
    }
    return found
  }
}
