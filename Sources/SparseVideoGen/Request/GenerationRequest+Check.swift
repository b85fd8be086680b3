import Attention

extension GenerationRequest {
  /// Checks every value that means something without a model.
  /// - Throws: ``GenerationError`` with the code `invalidRequest` and the field.
  public func check() throws {
    guard prompt.contains(where: { !$0.isWhitespace }) else {
      throw GenerationError(
        .invalidRequest,
        "the prompt is empty: say what the video shows, for example “a red circle moving to the right”", field: .prompt)
    }
    try check(width, .width, 1...1 << 15, "the width")
    try check(height, .height, 1...1 << 15, "the height")
    try check(frames, .frames, 1...1 << 15, "the number of frames")
    try check(steps, .steps, 1...1000, "the number of steps")
    try check(framesPerSecond, .framesPerSecond, 1...240, "the number of frames per second")
    if let guidance, !(guidance >= 1 && guidance <= 100) {
      throw GenerationError(
        .invalidRequest, "guidance must lie between 1, which turns it off, and 100, not \(guidance)", field: .guidance)
    }
    if let trueGuidance, !(trueGuidance >= 1 && trueGuidance <= 100) {
      throw GenerationError(
        .invalidRequest, "true guidance must lie between 1, which turns it off, and 100, not \(trueGuidance)",
        field: .trueGuidance)
    }
    if let settings = attention.settings { try check(settings) }
  }

  private func check(_ settings: SparseVideoGenSettings) throws {
    switch settings.bandWidth {
    case .density(let density):
      guard density > 0 && density <= 1 else {
        throw GenerationError(
          .invalidRequest,
          "the density is the share of query-key pairs that is computed: above 0 and at most 1, not \(density)",
          field: .density)
      }
    case .explicit(let spatialFrames, let temporalTokens):
      for (value, field, name) in [
        (spatialFrames, RequestField.bandFrames, "frames"), (temporalTokens, .bandTokens, "tokens"),
      ] {
        guard value > 0 && value <= 1e9 else {
          throw GenerationError(
            .invalidRequest, "the width of a band must be a positive number of \(name), not \(value)", field: field)
        }
      }
    }
    try check(settings.denseSteps, .denseSteps, "steps")
    try check(settings.denseLayers, .denseLayers, "layers")
    try check(settings.profiledRows, .profiledRows, "sampled rows")
    if settings.profiledRows == .count(0) || settings.profiledRows == .fraction(0) {
      throw GenerationError(
        .invalidRequest, "at least one row must be sampled to tell spatial from temporal heads", field: .profiledRows)
    }
  }

  private func check(_ share: Share, _ field: RequestField, _ name: String) throws {
    let isLegal =
      switch share {
      case .count(let count): count >= 0
      case .fraction(let fraction): fraction >= 0 && fraction <= 1
      }
    guard isLegal else {
      throw GenerationError(
        .invalidRequest, "the share of \(name) must be a number of them or lie between 0% and 100%, not \(share)",
        field: field)
    }
  }

  private func check(_ value: Int?, _ field: RequestField, _ range: ClosedRange<Int>, _ name: String) throws {
    guard let value, !range.contains(value) else { return }
    throw GenerationError(
      .invalidRequest, "\(name) must lie between \(range.lowerBound) and \(range.upperBound), not \(value)",
      field: field)
  }
}
