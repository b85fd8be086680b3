/// The 256 printable characters that stand for bytes in the vocabularies of byte-level tokenizers.
///
/// A byte that is a printable Latin-1 character stands for itself; the others are, in their order, the characters from
/// U+0100 on. So a space is `Ġ` and a line feed `Ċ`.
/// - SeeAlso: `bytes_to_unicode` of GPT-2, <https://github.com/openai/gpt-2/blob/master/src/encoder.py>.
enum ByteAlphabet {
  /// The character of each byte.
  static let characters: [String] = {
    var next: UInt32 = 0x100
    return (UInt32(0)..<256).map { byte in
      var value = byte
      if !(0x21...0x7E).contains(byte) && !(0xA1...0xAC).contains(byte) && !(0xAE...0xFF).contains(byte) {
        value = next
        next += 1
      }
      return Unicode.Scalar(value).map { String($0) } ?? ""
    }
  }()

  /// Bytes as the vocabulary writes them.
  static func text(_ bytes: some Sequence<UInt8>) -> String {
    bytes.reduce(into: "") { $0 += characters[Int($1)] }
  }
}
