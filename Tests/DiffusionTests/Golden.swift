import Foundation
import Testing

/// One file of golden tensors, see `Tests/Fixtures/README.md`.
struct Golden {
  let metadata: [String: String]
  private let entries: [String: (shape: [Int], start: Int, count: Int)]
  private let data: Data

  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/Goldens")

  init(_ name: String) throws {
    let file = try Data(contentsOf: Self.folder.appending(path: "\(name).safetensors"))
    let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let json = try JSONSerialization.jsonObject(with: file.subdata(in: 8..<(8 + length)))
    let header = try #require(json as? [String: [String: Any]])
    metadata = try #require(header["__metadata__"] as? [String: String])
    entries = try header.filter { $0.key != "__metadata__" }.mapValues { entry in
      let offsets = try #require(entry["data_offsets"] as? [Int])
      return (try #require(entry["shape"] as? [Int]), offsets[0], (offsets[1] - offsets[0]) / 4)
    }
    data = file.subdata(in: (8 + length)..<file.count)
  }

  var names: [String] { entries.keys.sorted() }

  func words(_ name: String) throws -> [UInt32] {
    let entry = try #require(entries[name], "the golden has no \(name)")
    return (0..<entry.count).map { index in
      let start = entry.start + index * 4
      return data[start..<(start + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
  }

  func floats(_ name: String) throws -> [Float] { try words(name).map { Float(bitPattern: $0) } }

  func integers(_ name: String) throws -> [Int] { try words(name).map { Int(Int32(bitPattern: $0)) } }
}
