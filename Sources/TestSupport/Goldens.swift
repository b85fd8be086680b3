import Checkpoint
import Foundation
import Tensor

/// Where the fixtures of the tests are.
public enum Fixtures {
  /// `Tests/Fixtures`.
  public static var root: URL {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Tests/Fixtures").standardizedFileURL
  }

  /// A tiny random model in diffusers layout.
  public static func model(_ name: String) -> URL { root.appending(path: "Models/\(name)") }

  /// The path of a small picture file.
  public static func picture(_ name: String) -> String { root.appending(path: "Pictures/\(name)").path }
}

/// Tensors that diffusers or transformers computed.
public struct Goldens: Sendable {
  private let file: SafetensorsFile

  /// Opens `Tests/Fixtures/Goldens/<name>.safetensors`.
  public init(_ name: String) throws {
    file = try SafetensorsFile(Fixtures.root.appending(path: "Goldens/\(name).safetensors"))
  }

  /// The names of all tensors.
  public var names: [String] { file.names }

  /// The settings that the tensors were computed with, and the versions of the packages.
  public var metadata: [String: String] { file.header.metadata }

  /// A tensor.
  public func tensor(_ name: String) throws -> Tensor {
    // A copy: in the file a tensor may begin at any byte.
    let mapped = try file.tensor(named: name)
    if mapped.elementType == .int32 { return Tensor(try integers(name), shape: mapped.shape) }
    return Tensor(mapped.floats(), shape: mapped.shape)
  }

  /// A tensor of whole numbers.
  public func integers(_ name: String) throws -> [Int32] {
    let tensor = try file.tensor(named: name)
    return unsafe tensor.withHostPointer { address in
      (0..<tensor.shape.count).map { unsafe address.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self) }
    }
  }
}

/// `‖actual − expected‖ / ‖expected‖`; infinite where the extents differ or a number is not finite.
public func relativeError(_ actual: Tensor, _ expected: Tensor) -> Double {
  guard actual.shape.count == expected.shape.count else { return .infinity }
  var (difference, norm) = (0.0, 0.0)
  for (one, other) in zip(actual.floats(), expected.floats()) {
    guard one.isFinite, other.isFinite else { return .infinity }
    difference += Double(one - other) * Double(one - other)
    norm += Double(other) * Double(other)
  }
  return norm == 0 ? (difference == 0 ? 0 : .infinity) : (difference / norm).squareRoot()
}
