import Foundation
import Models

extension GenerationEvent {
  /// The event as one line of JSON, keys sorted, without a line end.
  ///
  /// Every line has the key `event`; of a result it says everything but the numbers of the video itself.
  /// - Parameters:
  ///   - index: Which video of several the event belongs to; left out when `nil`.
  ///   - output: Where the video was written; said of results only.
  public func jsonLine(index: Int? = nil, output: String? = nil) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(Line(event: self, index: index, output: output)), as: UTF8.self)
  }

  /// The name of the event in JSON.
  var name: String {
    switch self {
    case .planned: "planned"
    case .loading: "loading"
    case .encoded: "encoded"
    case .step: "step"
    case .savedLatents: "saved_latents"
    case .decoding: "decoding"
    case .finished: "finished"
    }
  }

  private struct Line: Encodable {
    let event: GenerationEvent
    let index: Int?
    let output: String?

    enum Key: String, CodingKey {
      case event, index, output, plan, component, fraction, record, attention, density, times, peakMemory
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(event.name, forKey: .event)
      try container.encodeIfPresent(index, forKey: .index)
      switch event {
      case .planned(let plan): try container.encode(plan, forKey: .plan)
      case .loading(let component): try container.encode(component, forKey: .component)
      case .encoded(let prompt): try prompt.encode(to: encoder)
      case .step(let step): try step.encode(to: encoder)
      case .savedLatents(let latents): try latents.encode(to: encoder)
      case .decoding(let fraction): try container.encode(fraction, forKey: .fraction)
      case .finished(let result):
        try container.encodeIfPresent(output, forKey: .output)
        try container.encode(result.record, forKey: .record)
        try container.encode(result.attention, forKey: .attention)
        try container.encode(result.attention.density, forKey: .density)
        try container.encode(result.times, forKey: .times)
        try container.encodeIfPresent(result.peakMemory, forKey: .peakMemory)
      }
    }
  }
}
