/// What HunyuanVideo asks its language model: to describe a video, of which the prompt is the user's part.
///
/// The states of the question itself are the same for every prompt and are cut off.
/// - SeeAlso: Kong et al., "HunyuanVideo", Section 4.3, <https://arxiv.org/abs/2412.03603>; the text is that of
///   `HunyuanVideoPipeline` in diffusers, whose weights know no other.
enum HunyuanVideoPrompt {
  /// What stands before the prompt.
  static let opening =
    "<|start_header_id|>system<|end_header_id|>\n\nDescribe the video by detailing the following aspects: "
    + "1. The main content and theme of the video."
    + "2. The color, shape, size, texture, quantity, text, and spatial relationships of the objects."
    + "3. Actions, events, behaviors temporal relationships, physical movement changes of the objects."
    + "4. background environment, light, style and atmosphere."
    + "5. camera angles, movements, and transitions used in the video:<|eot_id|>"
    + "<|start_header_id|>user<|end_header_id|>\n\n"

  /// What stands after the prompt.
  static let closing = "<|eot_id|>"

  /// Tokens that are cut off at the start: those of ``opening`` and of the text's beginning, as Llama 3 counts them.
  static let croppedTokens = 95

  /// Tokens that are left, padding included.
  static let maximumTokens = 256

  /// The last layers that the states come before.
  static let skippedLayers = 2

  /// Tokens that CLIP takes.
  static let pooledTokens = 77
}
