import Diffusion
import Models

extension Planner {
  /// What a person should know of the prompts of a request before the work begins.
  /// - Parameter isGuided: Whether classifier-free guidance is on: only then is the negative prompt read.
  func promptWarnings(_ request: GenerationRequest, isGuided: Bool) -> [String] {
    var warnings: [String] = []
    let read = request.prompt + (isGuided ? " " + request.negativePrompt : "")
    if let words = pipeline.promptWords, let warning = unknownWords(of: read, to: words) { warnings.append(warning) }
    let scale = pipeline.model.description.guidanceKind == .embedded ? "true guidance" : "guidance"
    if !isGuided, !request.negativePrompt.isEmpty {
      warnings.append("the negative prompt has no effect while \(scale) is 1, which turns it off")
    }
    if !isGuided, request.usesDynamicGuidance {
      warnings.append("guidance that varies has no effect while \(scale) is 1, which turns it off")
    }
    return warnings
  }

  /// Names the words of a text that the model was not trained on, and those that it was; `nil` where it knows all.
  private func unknownWords(of text: String, to words: PromptWords) -> String? {
    let unknown = words.unknown(in: text)
    guard !unknown.isEmpty else { return nil }
    let named = unknown.prefix(Self.namedWords).map { "“\($0)”" }.joined(separator: ", ")
    let others = unknown.count > Self.namedWords ? " and \(unknown.count - Self.namedWords) more" : ""
    return "the model has never seen \(named)\(others): what such words do to the video is chance. It knows "
      + words.kinds.joined(separator: "; ")
  }

  /// How many unknown words are named: the first ones show what is meant.
  private static let namedWords = 8
}
