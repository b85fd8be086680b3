import Tensor

/// Attends every token to every token, with the kernel of sparse attention and all blocks kept.
///
/// Same kernel, same numerics: what sparse attention is compared with.
public struct DenseAttention: AttentionMechanism {
  private let device: any AttentionDevice
  private let numbers: AttentionNumbers
  private let plans: KeyedCache<TokenLayout, MaskPlan, Never>
  private let listener: HeadTraceListener?

  /// Creates the mechanism.
  /// - Parameters:
  ///   - numbers: What is multiplied.
  ///   - listener: Receives a trace after every call, if anybody listens.
  public init(
    device: any AttentionDevice, numbers: AttentionNumbers = .activations, listener: HeadTraceListener? = nil
  ) {
    self.device = device
    self.numbers = numbers
    self.plans = MaskPlan.cache(width: nil, blockSize: device.attentionBlockSize)
    self.listener = listener
  }

  /// Attends every token of a sample to every valid token.
  public func attend(_ projection: AttentionProjection, at site: AttentionSite) throws -> Tensor {
    let patterns = [HeadPattern](repeating: .spatial, count: projection.heads)
    let masks = plans[projection.layout].masks
    let heads = try numbers.heads(device.prepareHeads(projection, patterns: patterns), on: device)
    let result = try device.attendBlocks(heads, masks: masks)
    if let listener {
      let pairs = masks.spatial.allPairs * projection.heads
      let trace = HeadTrace(site: site, patterns: nil, errors: nil, computedPairs: pairs, allPairs: pairs)
      listener(PendingHeadTrace { trace })
    }
    return result
  }
}
