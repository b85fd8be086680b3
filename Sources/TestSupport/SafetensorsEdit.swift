import Foundation

/// Changes what a safetensors file says about its tensors and leaves their bytes.
/// - Parameter change: Gets the header: for each tensor `dtype`, `shape` and `data_offsets`.
public func editHeader(of file: URL, _ change: (inout [String: [String: Any]]) -> Void) throws {
  let bytes = try Data(contentsOf: file)
  let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
  let object = try JSONSerialization.jsonObject(with: bytes[8..<8 + length])
  guard var header = object as? [String: [String: Any]] else { throw CocoaError(.fileReadCorruptFile) }
  change(&header)
  let json = try JSONSerialization.data(withJSONObject: header)
  let prefix = (0..<8).map { UInt8(truncatingIfNeeded: json.count >> ($0 * 8)) }
  try (Data(prefix) + json + bytes[(8 + length)...]).write(to: file)
}
