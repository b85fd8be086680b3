import CKernels
import Tensor

extension CPUDevice {
  /// The bytes that can be allocated without swapping, or `nil` where the system does not say.
  public static var availableMemory: Int? { Compute.availableMemory() }

  /// The idle memory that is kept beyond a quarter of what is in use, in bytes.
  package static var idleSlack: Int { CPUMemory.idleSlack }

  /// A tensor with arbitrary contents, in pooled memory.
  public func makeTensor(_ shape: Shape, _ elementType: ElementType) throws -> Tensor {
    Tensor(storage: try pool.take(shape.count * elementType.byteCount), shape: shape, elementType: elementType)
  }

  /// The same values in another type; `tensor` itself when nothing has to change.
  public func upload(_ tensor: Tensor, as elementType: ElementType) throws -> Tensor {
    try convert(tensor, to: elementType)
  }

  /// The values as float32.
  public func download(_ tensor: Tensor) throws -> Tensor {
    try convert(tensor, to: .float32)
  }

  /// The same values in another type; `tensor` itself when nothing has to change.
  public func convert(_ tensor: Tensor, to elementType: ElementType) throws -> Tensor {
    guard tensor.elementType != elementType else { return tensor }
    return try measure(.other) {
      let result = try makeTensor(tensor.shape, elementType)
      let (from, to) = (tensor.elementType, elementType)
      unsafe tensor.withHostPointer { source in
        unsafe result.withHostPointer { target in
          workers.run(count: tensor.shape.count, grain: 1 << 16) { range in
            unsafe svg_convert(
              instructionSet, source + range.lowerBound * from.byteCount, from.kernelNumber,
              target + range.lowerBound * to.byteCount, to.kernelNumber, range.count)
          }
        }
      }
      return result
    }
  }

  /// The same values in another type, converted on the calling thread: for the inside of tasks.
  func converted(_ tensor: Tensor, to type: ElementType) throws -> Tensor {
    guard tensor.elementType != type else { return tensor }
    let result = try makeTensor(tensor.shape, type)
    unsafe tensor.withHostPointer { source in
      unsafe result.withHostPointer { target in
        unsafe svg_convert(
          instructionSet, source, tensor.elementType.kernelNumber, target, type.kernelNumber, tensor.shape.count)
      }
    }
    return result
  }

  /// Joins tensors along their first dimension.
  public func concatenate(_ tensors: [Tensor]) throws -> Tensor {
    try measure(.other) {
      let result = try makeTensor(joinedShape(of: tensors), tensors[0].elementType)
      var offset = 0
      for tensor in tensors {
        unsafe tensor.withHostPointer { source in
          unsafe result.withHostPointer { target in
            workers.run(count: tensor.byteCount, grain: 1 << 20) { range in
              unsafe (target + offset + range.lowerBound).copyMemory(
                from: source + range.lowerBound, byteCount: range.count)
            }
          }
        }
        offset += tensor.byteCount
      }
      return result
    }
  }
}
