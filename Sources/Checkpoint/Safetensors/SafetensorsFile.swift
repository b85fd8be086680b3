import Foundation
import Tensor

/// An open safetensors file: its tensors are views on a memory map, so that opening costs nothing but the header.
public struct SafetensorsFile: Sendable {
  /// The file.
  public let url: URL
  /// What the file says about its tensors.
  public let header: SafetensorsHeader
  private let map: MappedFile
  private let places: [String: Int]

  /// Opens a file and checks all that its header says.
  /// - Throws: ``CheckpointError`` when the file cannot be read, is cut short, or breaks a rule of the format.
  /// - Complexity: O(header); the tensors are not touched.
  public init(_ url: URL) throws {
    self.url = url
    map = try MappedFile(url)
    let prefix = map.bytes(0..<min(8, map.byteCount))
    let range = try SafetensorsHeader.range(prefix: prefix, fileByteCount: map.byteCount, path: url.path)
    header = try SafetensorsHeader(json: map.bytes(range), fileByteCount: map.byteCount, path: url.path)
    places = Dictionary(uniqueKeysWithValues: header.entries.enumerated().map { ($1.name, $0) })
  }

  /// The names of the tensors, in the order of their bytes.
  public var names: [String] { header.entries.map(\.name) }

  /// What the file says about a tensor, or `nil` when it has none of this name.
  public func entry(named name: String) -> SafetensorsHeader.Entry? { places[name].map { header.entries[$0] } }

  /// A tensor as a view on the file; nothing is copied, and the view keeps the map alive.
  ///
  /// The format does not align tensors: the first element may lie at an odd address. Whoever reads more than bytes
  /// through a pointer loads unaligned, as ``Tensor`` does.
  /// - Throws: ``CheckpointError`` with code `missingTensor`, or `unsupportedElementType` for a type that tensors here
  ///   do not have.
  public func tensor(named name: String) throws -> Tensor {
    guard let entry = entry(named: name) else {
      throw CheckpointError(.missingTensor, "\(url.path): there is no tensor \"\(name)\".")
    }
    guard let elementType = entry.elementType else {
      throw CheckpointError(
        .unsupportedElementType,
        "\(url.path): tensor \"\(name)\" has the type \(entry.typeName); F32, F16, BF16 and I32 can be read.")
    }
    return Tensor(
      storage: map, byteOffset: entry.bytes.lowerBound, shape: entry.shape, elementType: elementType)
  }
}
