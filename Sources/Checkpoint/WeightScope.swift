import Foundation
import Tensor

/// The part of a checkpoint whose names start with a prefix: what one layer of a network needs.
///
/// ```swift
/// let attention = checkpoint.scope["transformer_blocks"][3]["attn1"]
/// let weight = try attention.tensor("to_q.weight", shape: [3072, 3072])  // transformer_blocks.3.attn1.to_q.weight
/// ```
public struct WeightScope: Sendable, CustomStringConvertible {
  /// The checkpoint.
  public let checkpoint: Checkpoint
  /// What all names start with, without the dot that follows; empty for the whole checkpoint.
  public let prefix: String

  /// Creates a view on a checkpoint.
  public init(checkpoint: Checkpoint, prefix: String) {
    self.checkpoint = checkpoint
    self.prefix = prefix
  }

  /// The part below a name; dots in it go down several levels.
  public subscript(name: String) -> WeightScope { WeightScope(checkpoint: checkpoint, prefix: fullName(name)) }

  /// The part of a numbered layer.
  public subscript(index: Int) -> WeightScope { self[String(index)] }

  /// A name as the checkpoint has it.
  public func fullName(_ name: String) -> String { prefix.isEmpty ? name : "\(prefix).\(name)" }

  /// Whether there is a tensor of this name.
  public func contains(_ name: String) -> Bool { checkpoint.contains(fullName(name)) }

  /// A tensor with the extents that the network needs, as a view on its file.
  /// - Parameters:
  ///   - name: The name below the prefix.
  ///   - shape: The extents that the tensor must have.
  /// - Throws: ``CheckpointError`` with code `missingTensor`, `wrongShape` or `unsupportedElementType`, with the full
  ///   name, both shapes and the file.
  public func tensor(_ name: String, shape: Shape) throws -> Tensor {
    let fullName = fullName(name)
    if let random = checkpoint.random { return random.tensor(named: fullName, shape: shape) }
    guard let entry = checkpoint.entry(named: fullName) else {
      throw CheckpointError(
        .missingTensor,
        "\(checkpoint.url.path): there is no tensor \"\(fullName)\", which should have the shape \(shape).")
    }
    guard entry.shape == shape else {
      throw CheckpointError(
        .wrongShape,
        "\(checkpoint.file(of: fullName).path): tensor \"\(fullName)\" has the shape \(entry.shape), but the "
          + "configuration asks for \(shape).")
    }
    guard let type = entry.elementType, type != .int32 else {
      throw CheckpointError(
        .unsupportedElementType,
        "\(checkpoint.file(of: fullName).path): tensor \"\(fullName)\" has the type \(entry.typeName); weights can be "
          + "F32, F16 or BF16.")
    }
    return try checkpoint.tensor(named: fullName)
  }

  /// A tensor that some variants of the network do not have.
  /// - Returns: The tensor, or `nil` when there is none of this name.
  /// - Throws: ``CheckpointError`` with code `wrongShape` or `unsupportedElementType`.
  public func optionalTensor(_ name: String, shape: Shape) throws -> Tensor? {
    contains(name) ? try tensor(name, shape: shape) : nil
  }

  /// The extents of a tensor, or `nil` when there is none of this name; does not count as asking for it.
  public func shape(of name: String) -> Shape? { checkpoint.entry(named: fullName(name))?.shape }

  /// The full names below the prefix that nobody has asked for yet, sorted.
  public var unusedNames: [String] {
    prefix.isEmpty ? checkpoint.unusedNames : checkpoint.unusedNames.filter { $0.hasPrefix(prefix + ".") }
  }

  /// The prefix and the file, for messages.
  public var description: String { "\(prefix.isEmpty ? "all tensors" : prefix) of \(checkpoint.url.path)" }
}
