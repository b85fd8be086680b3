import Checkpoint
import Foundation

extension ModelDirectory {
  /// The configuration of a network.
  /// - Throws: `CheckpointError` when the component is missing, has another class or a malformed `config.json`, and
  ///   ``ModelError`` for values that are not supported; both name the file.
  func configuration<Configuration: Decodable>(
    of name: String, className: String, as type: Configuration.Type
  ) throws -> Configuration {
    let url = try component(name, oneOf: [className]).folder.appending(path: "config.json")
    do {
      return try ConfigurationFile(url).decode(type, keys: .asWritten)
    } catch let error as ModelError {
      throw ModelError(error.code, "\(url.path): \(error.message)", cause: error.cause)
    }
  }

  /// The tensors of a network, its files opened and their headers checked.
  /// - Throws: `CheckpointError` when a file is missing, cut short or breaks a rule of the format.
  func weights(of name: String) throws -> WeightScope {
    // transformers and diffusers name their files differently, and a text encoder is the former's.
    let file = name.hasPrefix("text_encoder") ? "model" : "diffusion_pytorch_model"
    return try checkpoint(of: name, named: file).scope
  }

  /// The size of a component's weights on disk, in bytes; 0 where there are none.
  func weightBytes(of name: String) -> Int {
    let folder = url.appending(path: name)
    let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: [.fileSizeKey]))
    return (files ?? []).filter { $0.pathExtension == "safetensors" }.reduce(0) { sum, file in
      // A file of the Hugging Face cache is a link to the real one.
      let size = try? file.resolvingSymlinksInPath().resourceValues(forKeys: [.fileSizeKey]).fileSize
      return sum + (size ?? 0)
    }
  }
}
