import Synchronization
import Tensor

/// A device in plain Swift: float32 activations, sums in double precision, one thread, no kernels.
///
/// Slow and obviously right: the oracle that the other devices are tested against.
public final class ReferenceDevice: ComputeDevice {
  private let measured = Mutex(OperationTimes())

  /// Rows and keys of the blocks of masks.
  public let attentionBlockSize: Int

  /// Creates the device.
  /// - Parameter attentionBlockSize: Rows and keys of the blocks of masks, so that it can be compared with any device.
  public init(attentionBlockSize: Int = 64) {
    self.attentionBlockSize = attentionBlockSize
  }

  /// `float32`.
  public var activationType: ElementType { .float32 }

  // MARK: Memory

  /// A tensor in the processor's memory, filled with NaN so that nobody relies on what is in it.
  public func makeTensor(_ shape: Shape, _ elementType: ElementType) -> Tensor {
    let tensor = Tensor.host(shape, elementType)
    unsafe tensor.withHostPointer { address in
      _ = unsafe address.initializeMemory(as: UInt8.self, repeating: 0xFF, count: tensor.byteCount)
    }
    return tensor
  }

  /// The same values in another type; `tensor` itself when nothing has to change.
  public func upload(_ tensor: Tensor, as elementType: ElementType) -> Tensor { tensor.converted(to: elementType) }

  /// The values as float32.
  public func download(_ tensor: Tensor) -> Tensor { tensor.converted(to: .float32) }

  /// The same values in another type; `tensor` itself when nothing has to change.
  public func convert(_ tensor: Tensor, to elementType: ElementType) -> Tensor { tensor.converted(to: elementType) }

  /// Joins tensors along their first dimension.
  public func concatenate(_ tensors: [Tensor]) -> Tensor {
    measure(.other) {
      let result = makeTensor(joinedShape(of: tensors), tensors[0].elementType)
      unsafe result.withHostPointer { address in
        var offset = 0
        for tensor in tensors {
          unsafe tensor.withHostPointer { source in
            unsafe (address + offset).copyMemory(from: source, byteCount: tensor.byteCount)
          }
          offset += tensor.byteCount
        }
      }
      return result
    }
  }

  // MARK: Accounting

  /// Where time went.
  public var times: OperationTimes { measured.withLock { $0 } }

  /// Sets all times to zero.
  public func resetTimes() { measured.withLock { $0 = OperationTimes() } }

  /// Runs `work` and books its time under `kind`.
  func measure<Result>(_ kind: OperationKind, _ work: () throws -> Result) rethrows -> Result {
    let start = ContinuousClock.now
    defer {
      let elapsed = start.duration(to: .now) / .seconds(1)
      measured.withLock { $0[kind] += elapsed }
    }
    return try work()
  }
}

/// The shape of tensors that are joined along their first dimension.
/// - Precondition: There is a tensor, and they agree in element type and in all other dimensions.
func joinedShape(of tensors: [Tensor]) -> Shape {
  guard let first = tensors.first else { preconditionFailure("nothing can be joined out of no tensors") }
  let inner = first.shape.dimensions.dropFirst()
  precondition(
    tensors.allSatisfy {
      $0.shape.rank == first.shape.rank && $0.elementType == first.elementType
        && $0.shape.dimensions.dropFirst() == inner
    }, "tensors that are joined differ in their first dimension only: \(tensors)")
  return Shape([tensors.reduce(0) { $0 + $1.shape[0] }] + inner)
}
