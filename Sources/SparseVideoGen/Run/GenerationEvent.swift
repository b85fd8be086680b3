import Models

/// What happened while a video was made: one stream of these drives a progress bar, JSON lines or a server.
public enum GenerationEvent: Sendable {
  /// The request is legal and this is what it will run.
  case planned(GenerationPlan)
  /// A network is being loaded.
  case loading(ModelComponent)
  /// The prompts were encoded.
  case encoded(EncodedPrompt)
  /// A denoising step is done.
  case step(DenoisingStep)
  /// The latents are on the disk, before they are decoded.
  case savedLatents(SavedLatents)
  /// This fraction of the frames is decoded.
  case decoding(fraction: Double)
  /// The video is there; nothing follows.
  case finished(GenerationResult)
}

/// A network of a model.
public enum ModelComponent: String, Sendable, Codable, CaseIterable {
  /// Turns the prompt into states.
  case textEncoder = "text_encoder"
  /// Turns an image into latents.
  case imageEncoder = "vae_encoder"
  /// Predicts noise.
  case transformer
  /// Turns latents into frames.
  case decoder = "vae"
}

/// What became of a prompt.
public struct EncodedPrompt: Sendable, Hashable, Codable {
  /// Tokens of the prompt that did not fit and were left out.
  public let truncatedTokens: Int
  /// The end of the prompt that was left out.
  public let truncatedText: String
  /// Tokens of the negative prompt that did not fit and were left out.
  public let truncatedNegativeTokens: Int
  /// The end of the negative prompt that was left out.
  public let truncatedNegativeText: String
  /// How long encoding took.
  public let seconds: Double
}

/// A denoising step that is done.
public struct DenoisingStep: Sendable, Hashable, Codable {
  /// Which step, from 1.
  public let step: Int
  /// Of how many.
  public let steps: Int
  /// How long it took.
  public let seconds: Double
  /// The fraction of the query-key pairs that this step computed.
  public let density: Double
}

/// Latents on the disk.
public struct SavedLatents: Sendable, Hashable, Codable {
  /// The safetensors file.
  public let path: String
  /// The manifest beside it: what `decode` needs to know.
  public let manifestPath: String
  /// The steps that are done; fewer than were planned when the run was stopped.
  public let completedSteps: Int
  /// The steps that were planned.
  public let steps: Int

  /// Whether all steps are done.
  public var isComplete: Bool { completedSteps == steps }
}

/// An event of one of several videos.
public struct BatchEvent: Sendable {
  /// Which request it belongs to, from 0.
  public let index: Int
  /// What happened.
  public let event: GenerationEvent
}
