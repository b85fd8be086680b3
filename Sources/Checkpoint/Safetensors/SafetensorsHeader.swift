import Tensor

/// What a safetensors file says about its tensors, checked against the size of the file.
///
/// The format: 8 bytes with the length N of the header (little-endian), N bytes of JSON padded with spaces, then the
/// tensors' bytes. Each tensor names its type, its extents and where its bytes lie after the header; the tensors
/// fill that part exactly. Source: <https://github.com/huggingface/safetensors>.
public struct SafetensorsHeader: Sendable {
  /// One tensor of the file.
  public struct Entry: Sendable {
    /// The name of the tensor.
    public let name: String
    /// The type as the file has it, such as `BF16`.
    public let typeName: String
    /// The extents, outermost first.
    public let shape: Shape
    /// Where the bytes lie, from the start of the file.
    public let bytes: Range<Int>

    /// The element type, or `nil` when tensors of this program have none like it (`I64`, `U8`, …).
    public var elementType: ElementType? {
      switch typeName {
      case "F32": .float32
      case "F16": .float16
      case "BF16": .bfloat16
      case "I32": .int32
      default: nil
      }
    }
  }

  /// The largest header that is read, in bytes, as in the reference implementation.
  public static let maximumByteCount = 100_000_000

  /// The bits of an element of each type of the format. Types under a byte are packed.
  static let bits: [String: Int] = [
    "BOOL": 8, "U8": 8, "I8": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
    "I64": 64, "U64": 64, "F64": 64, "C64": 64, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F4": 4, "F6_E2M3": 6,
    "F6_E3M2": 6,
  ]

  /// The tensors in the order of their bytes.
  public let entries: [Entry]
  /// The free-form strings of `__metadata__`.
  public let metadata: [String: String]

  /// Reads the length at the start of a file.
  /// - Parameters:
  ///   - prefix: The first 8 bytes, or all of a shorter file.
  ///   - fileByteCount: The size of the whole file.
  ///   - path: The file's name for messages.
  /// - Returns: The bytes of the file that hold the header's JSON.
  /// - Throws: ``CheckpointError`` with code `truncatedFile` or `absurdSize`.
  static func range(prefix: [UInt8], fileByteCount: Int, path: String) throws(CheckpointError) -> Range<Int> {
    guard prefix.count >= 8 else {
      throw CheckpointError(
        .truncatedFile, "\(path): a safetensors file starts with 8 bytes of length, this one has \(prefix.count) bytes."
      )
    }
    let length = prefix[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(maximumByteCount) else {
      throw CheckpointError(
        .absurdSize,
        "\(path): the header claims \(length) bytes, more than the \(maximumByteCount) that the format allows; "
          + "this is probably no safetensors file.")
    }
    guard Int(length) <= fileByteCount - 8 else {
      throw CheckpointError(
        .truncatedFile,
        "\(path): the header claims \(length) bytes, but only \(fileByteCount - 8) follow; the file is cut short.")
    }
    return 8..<8 + Int(length)
  }

  /// Reads and checks a header.
  /// - Parameters:
  ///   - json: The header's JSON.
  ///   - fileByteCount: The size of the whole file.
  ///   - path: The file's name for messages.
  /// - Throws: ``CheckpointError`` for everything that the format forbids; the message names the tensor.
  init(json: [UInt8], fileByteCount: Int, path: String) throws(CheckpointError) {
    guard json.first == UInt8(ascii: "{") else {
      throw CheckpointError(.invalidHeader, "\(path): a safetensors header starts with {; this file has none.")
    }
    let members: JSONObject
    do {
      guard case .object(let object) = try JSONParser.parse(json) else {
        throw CheckpointError(.invalidHeader, "\(path): the safetensors header is no JSON object.")
      }
      members = object
    } catch let failure as JSONParser.Failure {
      throw CheckpointError(
        .invalidJSON, "\(path): the safetensors header is no valid JSON: \(failure).", cause: failure)
    } catch let error as CheckpointError {
      throw error
    } catch {
      throw CheckpointError(.invalidJSON, "\(path): the safetensors header cannot be read.", cause: error)
    }
    let start = 8 + json.count
    var metadata: [String: String] = [:]
    var entries: [Entry] = []
    entries.reserveCapacity(members.count)
    for (name, value) in members {
      if name == "__metadata__" {
        metadata = try Self.metadata(value, path: path)
      } else {
        let check = EntryCheck(path: path, name: name)
        entries.append(try check.entry(value, dataStart: start, dataByteCount: fileByteCount - start))
      }
    }
    entries.sort { ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound) }
    try Self.checkCover(entries, from: start, to: fileByteCount, path: path)
    self.entries = entries
    self.metadata = metadata
  }

  private static func metadata(_ value: JSONValue, path: String) throws(CheckpointError) -> [String: String] {
    guard let members = value.object else {
      throw CheckpointError(.invalidHeader, "\(path): __metadata__ must be an object of strings, not \(value.summary).")
    }
    var metadata: [String: String] = [:]
    for (key, value) in members {
      guard let text = value.string else {
        throw CheckpointError(
          .invalidHeader, "\(path): __metadata__ may hold strings only, but \"\(key)\" is \(value.summary).")
      }
      metadata[key] = text
    }
    return metadata
  }

  /// Checks that the tensors follow each other without a gap from the header's end to the file's end.
  private static func checkCover(
    _ entries: [Entry], from start: Int, to end: Int, path: String
  ) throws(CheckpointError) {
    var position = start
    var previous: Entry?
    for entry in entries {
      if entry.bytes.lowerBound < position {
        throw CheckpointError(
          .overlappingTensors,
          "\(path): tensors \"\(previous?.name ?? "")\" and \"\(entry.name)\" share bytes; the file is corrupt.")
      }
      if entry.bytes.lowerBound > position {
        throw CheckpointError(
          .unclaimedBytes,
          "\(path): \(entry.bytes.lowerBound - position) bytes before tensor \"\(entry.name)\" belong to no tensor.")
      }
      position = entry.bytes.upperBound
      previous = entry
    }
    guard position == end else {
      throw CheckpointError(
        .unclaimedBytes, "\(path): \(end - position) bytes at the end of the file belong to no tensor.")
    }
  }
}

/// The checks of one tensor, with the names that their messages need.
private struct EntryCheck {
  let path: String
  let name: String

  func refuse(_ code: CheckpointError.Code, _ what: String) -> CheckpointError {
    CheckpointError(code, "\(path): tensor \"\(name)\" \(what).")
  }

  func entry(
    _ value: JSONValue, dataStart: Int, dataByteCount: Int
  ) throws(CheckpointError) -> SafetensorsHeader.Entry {
    guard let members = value.object else {
      throw refuse(.invalidHeader, "must be described by an object, not by \(value.summary)")
    }
    if let stranger = members.keys.first(where: { !["dtype", "shape", "data_offsets"].contains($0) }) {
      throw refuse(.invalidHeader, "has the unknown field \"\(stranger)\"")
    }
    guard let typeName = members["dtype"]?.string else {
      throw refuse(.invalidHeader, "has no dtype, or one that is no string")
    }
    guard let bits = SafetensorsHeader.bits[typeName] else {
      throw refuse(.unsupportedElementType, "has the unknown type \"\(typeName)\"")
    }
    let (shape, byteCount) = try extents(members["shape"], bits: bits)
    guard let offsets = members["data_offsets"]?.array, offsets.count == 2, let begin = offsets[0].int,
      let end = offsets[1].int, begin >= 0, end >= begin
    else { throw refuse(.invalidOffsets, "needs data_offsets [begin, end] with 0 ≤ begin ≤ end") }
    guard end <= dataByteCount else {
      throw refuse(
        .truncatedFile, "ends at byte \(end) of the data, but the file has only \(dataByteCount); it is cut short")
    }
    guard end - begin == byteCount else {
      throw refuse(
        .invalidOffsets, "of type \(typeName) and shape \(shape) needs \(byteCount) bytes, but has \(end - begin)")
    }
    return SafetensorsHeader.Entry(
      name: name, typeName: typeName, shape: shape, bytes: dataStart + begin..<dataStart + end)
  }

  /// Reads the extents and computes how many bytes they need.
  private func extents(_ value: JSONValue?, bits: Int) throws(CheckpointError) -> (Shape, Int) {
    guard let list = value?.array else { throw refuse(.invalidShape, "has no shape, or one that is no list") }
    var dimensions: [Int] = []
    // Zeros are left out of the bound: every partial product must be countable too, whatever order it is taken in.
    var bound = bits
    for element in list {
      guard let extent = element.int, extent >= 0 else {
        throw refuse(.invalidShape, "has an extent that is no whole number from 0 up: \(element.summary)")
      }
      let (product, overflows) = bound.multipliedReportingOverflow(by: max(extent, 1))
      guard !overflows else { throw refuse(.invalidShape, "has a shape with more elements than can be counted") }
      bound = product
      dimensions.append(extent)
    }
    let total = dimensions.contains(0) ? 0 : bound
    guard total % 8 == 0 else { throw refuse(.invalidShape, "does not end at a whole byte") }
    return (Shape(dimensions), total / 8)
  }
}
