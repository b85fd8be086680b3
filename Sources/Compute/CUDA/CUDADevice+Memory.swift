import CCUDA
import Tensor

extension CUDADevice {
  /// A tensor with arbitrary contents in the memory of the GPU.
  public func makeTensor(_ shape: Shape, _ elementType: ElementType) throws -> Tensor {
    Tensor(
      storage: try CUDAStorage(byteCount: shape.count * elementType.byteCount, context: context), shape: shape,
      elementType: elementType)
  }

  /// Copies a tensor to the GPU, as it lies in memory, and converts it there.
  public func upload(_ tensor: Tensor, as elementType: ElementType) throws -> Tensor {
    guard tensor.isHostAccessible else { return try convert(tensor, to: elementType) }
    return try measure(.other) {
      let result = try makeTensor(tensor.shape, elementType)
      try store(tensor, in: result)
      return result
    }
  }

  /// Copies a tensor to a place on the GPU, whose type it gets.
  func store(_ tensor: Tensor, in target: Tensor) throws {
    guard tensor.elementType != target.elementType else {
      return try unsafe tensor.withHostPointer {
        try unsafe staging.upload($0, byteCount: tensor.byteCount, to: target.deviceAddress)
      }
    }
    // In parts, so that no second copy of a big matrix is ever held.
    let part = 16 << 20
    let flat = tensor.reshaped([tensor.shape.count])
    for first in stride(from: 0, to: tensor.shape.count, by: part) {
      let range = first..<min(first + part, tensor.shape.count)
      let raw = try makeTensor([range.count], tensor.elementType)
      try store(flat.slice(range), in: raw)
      try convert(raw, to: target.reshaped([target.shape.count]).slice(range))
    }
  }

  /// Copies a tensor to the processor's memory as float32, and waits for it.
  public func download(_ tensor: Tensor) throws -> Tensor {
    let source = try convert(tensor, to: .float32)
    let result = Tensor.host(tensor.shape, .float32)
    try unsafe result.withHostPointer {
      try unsafe staging.download(source.deviceAddress, byteCount: source.byteCount, to: $0)
    }
    booked.interrupt()
    return result
  }

  /// The same values in another type; `tensor` itself when nothing has to change.
  public func convert(_ tensor: Tensor, to elementType: ElementType) throws -> Tensor {
    guard tensor.elementType != elementType else { return tensor }
    return try measure(.other) {
      let result = try makeTensor(tensor.shape, elementType)
      try convert(tensor, to: result)
      return result
    }
  }

  private func convert(_ tensor: Tensor, to target: Tensor) throws {
    guard tensor.shape.count > 0 else { return }
    try kernels.launch("convert", in: .values, elements(tensor.shape.count)) {
      $0.pointer(tensor.deviceAddress)
      $0.pointer(target.deviceAddress)
      $0.long(tensor.shape.count)
      $0.int(tensor.elementType.kernelCode)
      $0.int(target.elementType.kernelCode)
    }
  }

  /// Joins tensors along their first dimension.
  public func concatenate(_ tensors: [Tensor]) throws -> Tensor {
    let result = try makeTensor(joinedShape(of: tensors), tensors[0].elementType)
    return try measure(.other) {
      var offset: UInt64 = 0
      for tensor in tensors where tensor.byteCount > 0 {
        let (source, target) = (tensor.deviceAddress, result.deviceAddress + offset)
        try context.call(counting: .copy, "joining tensors") { functions, stream in
          unsafe functions.cuMemcpyDtoDAsync(target, source, tensor.byteCount, stream.pointer)
        }
        offset += UInt64(tensor.byteCount)
      }
      return result
    }
  }

  /// Integers in the memory of the GPU.
  func integers(_ values: [Int]) throws -> Tensor {
    try upload(Tensor(values.map { Int32($0) }, shape: [values.count]), as: .int32)
  }
}
