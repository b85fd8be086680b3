import Checkpoint
import Foundation

/// What a model directory recommends, in an optional `generation_config.json` beside `model_index.json`.
///
/// The keys are the names of the arguments that the pipelines of diffusers take. diffusers itself does not read the
/// file.
struct GenerationDefaults: Decodable, Sendable {
  /// Denoising steps.
  let steps: Int?
  /// Guidance scale.
  let guidance: Float?
  /// Frames per second.
  let framesPerSecond: Int?

  private enum CodingKeys: String, CodingKey {
    case steps = "num_inference_steps"
    case guidance = "guidance_scale"
    case framesPerSecond = "fps"
  }

  /// Reads the recommendations of a directory; there are none when it has no such file.
  /// - Throws: `CheckpointError` for a malformed file, ``ModelError`` for an impossible value; both name the file.
  init(_ directory: ModelDirectory) throws {
    let url = directory.url.appending(path: "generation_config.json")
    guard FileManager.default.fileExists(atPath: url.path) else {
      (steps, guidance, framesPerSecond) = (nil, nil, nil)
      return
    }
    self = try ConfigurationFile(url).decode(Self.self, keys: .asWritten)
    try require(steps ?? 1 >= 1, "\(url.path): num_inference_steps must be at least 1")
    try require(guidance ?? 1 >= 0, "\(url.path): guidance_scale must not be negative")
    try require((1...1000).contains(framesPerSecond ?? 1), "\(url.path): fps must lie between 1 and 1000")
  }
}
