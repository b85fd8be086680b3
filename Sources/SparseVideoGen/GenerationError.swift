/// Why a request was refused, or could not be carried out.
public struct GenerationError: Error, Sendable, CustomStringConvertible {
  /// The kind of failure.
  public enum Code: String, Sendable {
    /// A value of a request that means nothing, see ``GenerationError/field``.
    case invalidRequest
    /// A device that this build or this machine does not have.
    case noSuchDevice
    /// The bundled model is not part of this build.
    case noBundledModel
    /// A model whose weights are missing or damaged.
    case unusableModel
    /// A video that the device has no room for.
    case notEnoughMemory
    /// A latents file that cannot be decoded.
    case invalidLatents
    /// A list of prompts with a line that cannot be read.
    case invalidPromptList
    /// A run that was stopped, with its latents saved.
    case interrupted
  }

  /// The kind of failure.
  public let code: Code
  /// What is wrong and what to do about it.
  public let message: String
  /// The value of the request that is wrong, if it is one.
  public let field: RequestField?
  /// The error underneath, if any.
  public let cause: (any Error)?

  /// Creates an error.
  public init(_ code: Code, _ message: String, field: RequestField? = nil, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.field = field
    self.cause = cause
  }

  /// The message.
  public var description: String { message }
}

/// A value of a request, for errors: a program that has its own names for them can use those.
public enum RequestField: String, Sendable, CaseIterable {
  /// The prompt.
  case prompt
  /// The image that the video begins with.
  case image
  /// What the video should not show.
  case negativePrompt
  /// Columns of pixels.
  case width
  /// Rows of pixels.
  case height
  /// Frames.
  case frames
  /// Denoising steps.
  case steps
  /// Guidance scale.
  case guidance
  /// Scale of classifier-free guidance beside an embedded one.
  case trueGuidance
  /// Guidance that varies over the steps.
  case dynamicGuidance
  /// Frames per second.
  case framesPerSecond
  /// The density of sparse attention.
  case density
  /// The width of the spatial band.
  case bandFrames
  /// The width of the temporal band.
  case bandTokens
  /// Dense steps.
  case denseSteps
  /// Dense layers.
  case denseLayers
  /// Sampled rows.
  case profiledRows
  /// What attention multiplies.
  case attentionNumbers
  /// Threads.
  case threads
}
