/// Why a file of a model could not be read, or was refused.
public struct CheckpointError: Error, Sendable, CustomStringConvertible {
  /// What kind of thing went wrong; callers decide on this, people read ``CheckpointError/message``.
  public enum Code: String, Hashable, Sendable {
    /// The file does not exist or may not be read.
    case unreadableFile
    /// The file ends before what it promises.
    case truncatedFile
    /// A header or a configuration is larger or deeper than any real one.
    case absurdSize
    /// The text is no JSON.
    case invalidJSON
    /// The JSON is no safetensors header.
    case invalidHeader
    /// An element type that no safetensors file has, or that cannot be read here.
    case unsupportedElementType
    /// Extents that are negative, no integers, or too many to count.
    case invalidShape
    /// A tensor whose bytes lie outside the file or do not match its shape.
    case invalidOffsets
    /// Two tensors that share bytes.
    case overlappingTensors
    /// Bytes that belong to no tensor.
    case unclaimedBytes
    /// A tensor that is not there.
    case missingTensor
    /// A tensor with other extents than the model needs.
    case wrongShape
    /// A sharded checkpoint whose index cannot be used.
    case invalidIndex
    /// A shard that the index names and that is not there.
    case missingShard
    /// A configuration without a value that is needed.
    case missingKey
    /// A configuration value of another JSON type.
    case wrongType
    /// A configuration value of the right type that means nothing here.
    case impossibleValue
    /// A folder that is no model directory.
    case notAModelDirectory
    /// A model directory without a component that is needed.
    case missingComponent
    /// A class that this program does not implement.
    case unsupportedClass
    /// A model that is not in the local cache.
    case notInCache
  }

  /// What kind of thing went wrong.
  public let code: Code
  /// One sentence that names the file, tensor, key or value, what was expected, and what to do where that is known.
  public let message: String
  /// The error below this one, when there is one.
  public let cause: (any Error)?

  /// Creates an error.
  public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }

  /// The message.
  public var description: String { message }
}
