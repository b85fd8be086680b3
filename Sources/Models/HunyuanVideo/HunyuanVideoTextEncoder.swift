import Checkpoint
import Compute
import Foundation

// A stand-in until the text encoders are merged: reads what the model needs of their configurations.

/// What the transformer needs to know of the text encoders.
struct HunyuanVideoTextConfigurations: Sendable {
  /// Width of the states of the prompt's tokens.
  let stateWidth: Int
  /// Width of the vector of the whole prompt.
  let pooledWidth: Int
  /// Tokens that a prompt is cut to.
  let maximumTokens = 256
}

/// LLaMA and CLIP.
struct HunyuanVideoTextEncoder: TextEncoder {
  init(directory: ModelDirectory, device: any ComputeDevice) throws {
    throw ModelError(.unsupportedConfiguration, "\(directory.url.path): HunyuanVideo's text encoders are not here yet")
  }

  static func configurations(in directory: ModelDirectory) throws -> HunyuanVideoTextConfigurations {
    struct Width: Decodable {
      let width: Int
      enum CodingKeys: String, CodingKey { case width = "hidden_size" }
    }
    return HunyuanVideoTextConfigurations(
      stateWidth: try directory.configuration(of: "text_encoder", className: "LlamaModel", as: Width.self).width,
      pooledWidth: try directory.configuration(of: "text_encoder_2", className: "CLIPTextModel", as: Width.self).width)
  }

  func encode(_ prompt: String) throws -> TextCondition {
    throw ModelError(.unsupportedConfiguration, "HunyuanVideo's text encoders are not here yet")
  }
}
