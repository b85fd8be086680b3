/// Which call of attention this is.
public struct AttentionSite: Hashable, Sendable, Codable {
  /// The denoising step, from 0.
  public let step: Int
  /// The transformer layer, from 0.
  public let layer: Int
  /// The sample of the batch, from 0: with guidance 0 is the unconditional and 1 the conditional one.
  public let sample: Int

  /// Names a site.
  public init(step: Int, layer: Int, sample: Int) {
    self.step = step
    self.layer = layer
    self.sample = sample
  }
}
