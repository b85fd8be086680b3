import Attention
import Synchronization
import Tensor

/// Dense attention that keeps what it returns.
final class RecordingAttention: AttentionMechanism {
  private let dense: DenseAttention
  private let recorded = Mutex<[Tensor]>([])

  init(device: any AttentionDevice) {
    dense = DenseAttention(device: device)
  }

  var outputs: [Tensor] { recorded.withLock { $0 } }

  func attend(_ projection: AttentionProjection, at site: AttentionSite) throws -> Tensor {
    let result = try dense.attend(projection, at: site)
    recorded.withLock { $0.append(result) }
    return result
  }
}
