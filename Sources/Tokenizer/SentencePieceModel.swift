import CSentencePiece

/// A loaded SentencePiece model: the only door to the C library.
///
/// `@unchecked Sendable`: the model never changes once it is loaded, and the library's reading calls keep no state.
@safe
final class SentencePieceModel: @unchecked Sendable {
  private let handle: OpaquePointer

  /// Loads a model from the bytes of a ModelProto.
  /// - Parameters:
  ///   - bytes: The contents of a `.model` file.
  ///   - path: The file's name for messages.
  /// - Throws: ``TokenizerError`` with code `invalidTokenizer`.
  init(_ bytes: [UInt8], path: String) throws {
    try SentencePieceProto.checkCharacterMap(ofModel: bytes, path: path)
    var message = CSentencePieceMessage()
    let created = unsafe bytes.withUnsafeBytes { buffer -> OpaquePointer? in
      guard let address = buffer.baseAddress else { return nil }
      return unsafe csentencepiece_create(address, buffer.count, &message)
    }
    guard let created = unsafe created else {
      throw TokenizerError(
        .invalidTokenizer, "\(path): this is no SentencePiece model\(Self.reason(&message)); fetch it again.")
    }
    unsafe handle = created
  }

  deinit { unsafe csentencepiece_destroy(handle) }

  /// The number of pieces.
  var pieceCount: Int { Int(unsafe csentencepiece_piece_count(handle)) }

  /// The id of text that no piece covers.
  var unknownID: Int32 { unsafe csentencepiece_unknown_id(handle) }

  /// The id of a piece, or `nil` when there is none of this name.
  func id(of piece: String) -> Int32? {
    var piece = piece
    let id = piece.withUTF8 { bytes -> Int32 in
      guard let address = bytes.baseAddress, bytes.count > 0 else { return -1 }
      return unsafe address.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
        unsafe csentencepiece_id(handle, $0, bytes.count)
      }
    }
    return id < 0 ? nil : id
  }

  /// The text of a piece, or `nil` when the id is out of range.
  func piece(_ id: Int32) -> String? {
    var count = 0
    guard let address = unsafe csentencepiece_piece(handle, id, &count) else { return nil }
    return unsafe String(decoding: UnsafeRawBufferPointer(start: address, count: count), as: UTF8.self)
  }

  /// Encodes text and adds its ids at the end.
  /// - Throws: ``TokenizerError`` with code `encodingFailed`.
  func encode(_ text: ArraySlice<UInt8>, into ids: inout [Int32]) throws {
    var message = CSentencePieceMessage()
    let succeeded = unsafe text.withUnsafeBytes { bytes in
      unsafe withUnsafeMutablePointer(to: &ids) { ids in
        unsafe csentencepiece_encode(
          handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, ids,
          { context, found, count in
            let ids = unsafe context.assumingMemoryBound(to: [Int32].self)
            unsafe ids.pointee.append(contentsOf: UnsafeBufferPointer(start: found, count: count))
          }, &message)
      }
    }
    guard succeeded != 0 else {
      throw TokenizerError(.encodingFailed, "The text could not be encoded\(Self.reason(&message)).")
    }
  }

  /// What the library said, to follow a statement.
  private static func reason(_ message: inout CSentencePieceMessage) -> String {
    let text = unsafe withUnsafeBytes(of: &message.text) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    return text.isEmpty ? "" : " (\(text))"
  }
}
