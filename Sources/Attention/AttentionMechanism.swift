import Tensor

/// A way to attend: the one thing a transformer layer knows of it.
///
/// A mechanism knows no model: what it needs of one is in the projection and in its layout.
public protocol AttentionMechanism: Sendable {
  /// Attends every token of a sample.
  /// - Parameters:
  ///   - projection: The output of the layer's QKV linear, in sequence order.
  ///   - site: Which layer, step and sample this is.
  /// - Returns: `[S, H·D]` in sequence order, what the layer's output linear needs.
  /// - Throws: What the device throws.
  func attend(_ projection: AttentionProjection, at site: AttentionSite) throws -> Tensor
}
