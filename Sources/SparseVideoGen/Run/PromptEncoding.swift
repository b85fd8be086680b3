import Diffusion
import Models

/// The encoded prompts of some requests: each different text is encoded once, and the encoder is freed after all.
struct PromptEncoding {
  /// For each request what its transformer runs are conditioned on.
  let conditions: [DenoisingLoop.Conditions]
  /// For each request what became of its prompts; the time of a text that several have counts to each of them.
  let reports: [EncodedPrompt]
  /// How long it took to load the encoder.
  let loadingSeconds: Double

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
    var loading = 0.0
    let encoder = try measured(&loading) { try pipeline.model.loadTextEncoder(on: pipeline.device) }
    var seconds = [Double](repeating: 0, count: texts.count)
    let encoded = try texts.indices.map { index in
      try measured(&seconds[index]) { try encoder.encode(texts[index]) }
    }
    loadingSeconds = loading
    conditions = indices.map { .init(prompt: encoded[$0.prompt], negative: $0.negative.map { encoded[$0] }) }
    reports = zip(conditions, indices).map { conditions, texts in
      EncodedPrompt(
        truncatedTokens: conditions.prompt.truncatedTokens, truncatedText: conditions.prompt.truncatedText,
        truncatedNegativeTokens: conditions.negative?.truncatedTokens ?? 0,
        truncatedNegativeText: conditions.negative?.truncatedText ?? "",
        seconds: seconds[texts.prompt] + (texts.negative.map { seconds[$0] } ?? 0))
    }
  }
}
