import Files
import Foundation
import Tensor

/// Writes safetensors files.
public enum SafetensorsWriter {
  /// Writes tensors to a file, which appears complete or not at all.
  ///
  /// The data starts at a multiple of 64 bytes and tensors follow by falling element size, then by name, as the
  /// reference implementation has it; the same tensors therefore give the same bytes.
  /// - Parameters:
  ///   - tensors: The tensors by name, all reachable by the processor.
  ///   - metadata: Free-form strings, stored as `__metadata__`.
  ///   - url: The file; one that is there is replaced.
  /// - Throws: `FileError`; nothing half-written is left then.
  /// - Precondition: No tensor is called `__metadata__`.
  public static func write(_ tensors: [String: Tensor], metadata: [String: String] = [:], to url: URL) throws {
    var file = try AtomicFile(url.path)
    try write(tensors, metadata: metadata, to: &file)
  }

  static func write(_ tensors: [String: Tensor], metadata: [String: String], to file: inout AtomicFile) throws {
    precondition(tensors["__metadata__"] == nil, "__metadata__ is no name for a tensor")
    let ordered = tensors.sorted {
      ($1.value.elementType.byteCount, $0.key) < ($0.value.elementType.byteCount, $1.key)
    }
    try file.write(header(ordered, metadata))
    for (_, tensor) in ordered {
      try unsafe tensor.withHostPointer { address in
        try unsafe file.write(UnsafeRawBufferPointer(start: address, count: tensor.byteCount))
      }
    }
    try file.commit()
  }

  /// The length, the JSON and the padding before the first tensor.
  static func header(_ tensors: [(key: String, value: Tensor)], _ metadata: [String: String]) -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let strings = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
      members.append("\"__metadata__\":{\(strings.joined(separator: ","))}")
    }
    var offset = 0
    for (name, tensor) in tensors {
      let shape = tensor.shape.dimensions.map(String.init).joined(separator: ",")
      let range = "[\(offset),\(offset + tensor.byteCount)]"
      members.append(
        "\(quoted(name)):{\"dtype\":\"\(typeName(tensor.elementType))\",\"shape\":[\(shape)],\"data_offsets\":\(range)}"
      )
      offset += tensor.byteCount
    }
    var json = Array("{\(members.joined(separator: ","))}".utf8)
    json += [UInt8](repeating: 0x20, count: (64 - (8 + json.count) % 64) % 64)
    return (0..<8).map { UInt8(truncatingIfNeeded: json.count >> ($0 * 8)) } + json
  }

  private static func typeName(_ type: ElementType) -> String {
    switch type {
    case .float32: "F32"
    case .float16: "F16"
    case .bfloat16: "BF16"
    case .int32: "I32"
    }
  }

  /// A string as JSON has it.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\u{0}"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
