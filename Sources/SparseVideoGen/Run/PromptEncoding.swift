import Diffusion
import Models

/// The encoded prompts of some requests: each different text is encoded once, and the encoder is freed after all.
struct PromptEncoding {
  /// For each request what its transformer runs are conditioned on.
  let conditions: [DenoisingLoop.Conditions]
  /// For each request what became of its prompts; the time is an equal share of the whole.
  let reports: [EncodedPrompt]

  init(_ requests: [GenerationRequest], plans: [GenerationPlan], pipeline: VideoPipeline) throws {
    var places: [String: Int] = [:]
    var texts: [String] = []
    func place(of text: String) -> Int {
      if let place = places[text] { return place }
      places[text] = texts.count
      texts.append(text)
      return texts.count - 1
    }
    let indices = zip(requests, plans).map { request, plan in
      (prompt: place(of: request.prompt), negative: plan.samples == 2 ? place(of: request.negativePrompt) : nil)
    }
    var seconds = 0.0
    let encoded = try measured(&seconds) { try pipeline.encode(texts) }
    conditions = indices.map { .init(prompt: encoded[$0.prompt], negative: $0.negative.map { encoded[$0] }) }
    reports = conditions.map { conditions in
      EncodedPrompt(
        truncatedTokens: conditions.prompt.truncatedTokens, truncatedText: conditions.prompt.truncatedText,
        truncatedNegativeTokens: conditions.negative?.truncatedTokens ?? 0,
        truncatedNegativeText: conditions.negative?.truncatedText ?? "", seconds: seconds / Double(requests.count))
    }
  }
}
