/// Where the tokens of one sample lie in its sequence: all that sparse attention knows of a model.
///
/// A sequence holds `T` text tokens, first or last, and `V = F·P` video tokens in frame-major order: the token of frame
/// `f` and place `p` is video token `f·P + p`.
public struct TokenLayout: Hashable, Sendable, Codable, CustomStringConvertible {
  /// Which end of the sequence the text is at.
  public enum TextPlacement: String, Hashable, Sendable, Codable {
    /// Text, then video, as in CogVideoX.
    case first
    /// Video, then text, as in HunyuanVideo.
    case last
  }

  /// `F`: latent frames.
  public let frames: Int
  /// `P`: tokens per frame.
  public let tokensPerFrame: Int
  /// `T`: text tokens in the sequence, padding included; 0 where text does not enter the sequence.
  public let textTokens: Int
  /// How many text tokens, counted from the first, are attended; the rest is padding that no token sees.
  public let validTextTokens: Int
  /// Which end of the sequence the text is at.
  public let textPlacement: TextPlacement

  /// Creates a layout.
  /// - Parameter validTextTokens: The attended text tokens; all of them when `nil`.
  /// - Precondition: There is at least one video token and `0 ≤ validTextTokens ≤ textTokens`.
  public init(
    frames: Int, tokensPerFrame: Int, textTokens: Int = 0, validTextTokens: Int? = nil,
    textPlacement: TextPlacement = .first
  ) {
    let valid = validTextTokens ?? textTokens
    precondition(frames > 0 && tokensPerFrame > 0, "a video has frames and tokens: \(frames)×\(tokensPerFrame)")
    precondition(valid >= 0 && valid <= textTokens, "\(valid) of \(textTokens) text tokens cannot be valid")
    self.frames = frames
    self.tokensPerFrame = tokensPerFrame
    self.textTokens = textTokens
    self.validTextTokens = valid
    self.textPlacement = textPlacement
  }

  /// `V = F·P`: video tokens.
  public var videoTokens: Int { frames * tokensPerFrame }

  /// `S = T + V`: tokens of the sequence, padding included.
  public var sequenceLength: Int { textTokens + videoTokens }

  /// The longest sequence that masks are made for: the mask of full attention names each pair of blocks, so that its size grows
  /// with the square, to 268 MB here with blocks of 64. Four times what HunyuanVideo has at 1280×720 with 129 frames.
  public static let longestSequence = 1 << 19

  /// Tokens that take part in attention: `V` and the valid text.
  public var attendedTokens: Int { validTextTokens + videoTokens }

  /// Where the video tokens lie in the sequence.
  public var videoRange: Range<Int> {
    let start = textPlacement == .first ? textTokens : 0
    return start..<start + videoTokens
  }

  /// Where the text tokens lie in the sequence.
  public var textRange: Range<Int> {
    let start = textPlacement == .first ? 0 : videoTokens
    return start..<start + textTokens
  }

  /// For example `13 frames × 256 tokens + 32 text tokens first`.
  public var description: String {
    let text = validTextTokens == textTokens ? "\(textTokens)" : "\(validTextTokens) of \(textTokens)"
    return "\(frames) frames × \(tokensPerFrame) tokens + \(text) text tokens \(textPlacement.rawValue)"
  }
}
