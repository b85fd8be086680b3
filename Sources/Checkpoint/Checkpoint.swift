import Foundation
import Synchronization
import Tensor

/// The weights of one network: a safetensors file, or several with an index that says which tensor is where.
///
/// Remembers which tensors were asked for, so that a loader can report those it never used.
public final class Checkpoint: Sendable {
  /// The file, or the index of a sharded checkpoint; for messages.
  public let url: URL
  private let files: [SafetensorsFile]
  private let places: [String: Int]
  /// What stands for tensors where there are no files.
  let random: RandomWeights?
  private let requested = Mutex<Set<String>>([])

  /// Opens a checkpoint in one file.
  /// - Throws: ``CheckpointError``, see ``SafetensorsFile``.
  public init(file url: URL) throws {
    let file = try SafetensorsFile(url)
    self.url = url
    files = [file]
    places = Dictionary(uniqueKeysWithValues: file.names.map { ($0, 0) })
    random = nil
  }

  /// Makes a checkpoint without files that has every tensor that is asked for, of random numbers: to measure a network.
  /// - Parameter folder: The folder of the component, for messages.
  public init(randomWeightsOf folder: URL) {
    url = folder
    files = []
    places = [:]
    random = RandomWeights()
  }

  /// Opens `NAME.safetensors`, or the shards that `NAME.safetensors.index.json` lists.
  /// - Parameters:
  ///   - folder: The folder of a component, such as `transformer`.
  ///   - name: What the file is called before its ending: `diffusion_pytorch_model`, `model`.
  /// - Throws: ``CheckpointError`` with code `unreadableFile` when there is neither, `invalidIndex`, `missingShard` or
  ///   `missingTensor` when the index does not fit the shards, and all of ``SafetensorsFile``.
  public init(folder: URL, name: String) throws {
    random = nil
    let single = folder.appendingPathComponent("\(name).safetensors")
    let index = folder.appendingPathComponent("\(name).safetensors.index.json")
    for url in [single, index] { try checkLink(url) }
    if FileManager.default.fileExists(atPath: single.path) {
      let file = try SafetensorsFile(single)
      url = single
      files = [file]
      places = Dictionary(uniqueKeysWithValues: file.names.map { ($0, 0) })
    } else if FileManager.default.fileExists(atPath: index.path) {
      url = index
      (files, places) = try Self.shards(index)
    } else {
      throw CheckpointError(
        .unreadableFile,
        "\(folder.path): neither \(name).safetensors nor \(name).safetensors.index.json is there; "
          + "weights are read in the safetensors format only.")
    }
  }

  /// Opens the shards of an index.
  private static func shards(_ index: URL) throws -> ([SafetensorsFile], [String: Int]) {
    // The largest published index has about 100 kB.
    let value = try JSONFile.read(index, maximumByteCount: 64 << 20)
    guard let map = value["weight_map"]?.object, map.count > 0 else {
      throw CheckpointError(.invalidIndex, "\(index.path): there is no \"weight_map\" that says where the tensors are.")
    }
    var files: [SafetensorsFile] = []
    var numbers: [String: Int] = [:]
    var places: [String: Int] = [:]
    for (tensor, shard) in map {
      guard let name = shard.string else {
        throw CheckpointError(
          .invalidIndex, "\(index.path): tensor \"\(tensor)\" must be mapped to a file name, not to \(shard.summary).")
      }
      if numbers[name] == nil {
        numbers[name] = files.count
        files.append(try Self.shard(name, of: index))
      }
      guard let number = numbers[name], files[number].entry(named: tensor) != nil else {
        throw CheckpointError(
          .missingTensor, "\(index.path): tensor \"\(tensor)\" should be in \(name), but is not.")
      }
      places[tensor] = number
    }
    return (files, places)
  }

  /// Opens one shard, which must lie beside its index.
  private static func shard(_ name: String, of index: URL) throws -> SafetensorsFile {
    guard name.hasSuffix(".safetensors"), !name.contains("/"), !name.contains("\\"), !name.contains("\0") else {
      throw CheckpointError(
        .invalidIndex, "\(index.path): \"\(name.prefix(120))\" is no name of a safetensors file beside the index.")
    }
    let url = index.deletingLastPathComponent().appendingPathComponent(name)
    try checkLink(url)
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw CheckpointError(
        .missingShard, "\(url.path): the shard that \(index.lastPathComponent) names is missing; fetch it again.")
    }
    return try SafetensorsFile(url)
  }

  /// The names of all tensors, sorted.
  public var names: [String] { places.keys.sorted() }

  /// The size of all tensors in bytes, as they lie in the files.
  public var byteCount: Int {
    places.reduce(0) { $0 + (files[$1.value].entry(named: $1.key)?.bytes.count ?? 0) }
  }

  /// Whether there is a tensor of this name.
  public func contains(_ name: String) -> Bool { random != nil || places[name] != nil }

  /// The type and extents of a tensor without asking for it, or `nil` when there is none of this name.
  public func entry(named name: String) -> SafetensorsHeader.Entry? {
    places[name].flatMap { files[$0].entry(named: name) }
  }

  /// The file that holds a tensor, for messages; the checkpoint itself when there is none of this name.
  public func file(of name: String) -> URL { places[name].map { files[$0].url } ?? url }

  /// A tensor as a view on its file; see ``SafetensorsFile/tensor(named:)`` for its alignment.
  /// - Throws: ``CheckpointError`` with code `missingTensor` or `unsupportedElementType`.
  public func tensor(named name: String) throws -> Tensor {
    guard let place = places[name] else {
      throw CheckpointError(.missingTensor, "\(url.path): there is no tensor \"\(name)\".")
    }
    requested.withLock { _ = $0.insert(name) }
    return try files[place].tensor(named: name)
  }

  /// The names of the tensors that nobody has asked for yet, sorted.
  public var unusedNames: [String] {
    let requested = requested.withLock { $0 }
    return places.keys.filter { !requested.contains($0) }.sorted()
  }

  /// A view on all tensors, to be narrowed by subscripts.
  public var scope: WeightScope { WeightScope(checkpoint: self, prefix: "") }
}
