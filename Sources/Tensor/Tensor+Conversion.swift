/// Rounds a binary32 to the nearest bfloat16, ties to even; NaN stays NaN.
@inlinable
public func bfloat16Bits(_ value: Float) -> UInt16 {
  let bits = value.bitPattern
  if value.isNaN { return UInt16(bits >> 16) | 0x40 }
  return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
}

/// The binary32 with the value of a bfloat16.
@inlinable
public func float(bfloat16Bits bits: UInt16) -> Float {
  Float(bitPattern: UInt32(bits) << 16)
}

extension Tensor {
  /// The elements as binary32, row-major. Exact for every floating-point type.
  /// - Precondition: The elements are floating-point numbers that the processor can reach.
  /// - Complexity: O(count); for tests, small tensors and the edges of a run.
  public func floats() -> [Float] {
    unsafe withHostPointer { address in
      unsafe [Float](unsafeUninitializedCapacity: shape.count) { buffer, count in
        for index in 0..<shape.count {
          let value: Float =
            switch elementType {
            case .float32: unsafe address.loadUnaligned(fromByteOffset: index * 4, as: Float.self)
            case .float16: Float(unsafe address.loadUnaligned(fromByteOffset: index * 2, as: Float16.self))
            case .bfloat16:
              float(bfloat16Bits: unsafe address.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
            case .int32: preconditionFailure("\(self) holds no floating-point numbers")
            }
          unsafe (buffer.baseAddress! + index).initialize(to: value)
        }
        count = shape.count
      }
    }
  }

  /// The same values in another floating-point type, in the processor's memory; `self` when nothing has to change.
  /// - Precondition: The elements are floating-point numbers that the processor can reach.
  public func converted(to type: ElementType) -> Tensor {
    guard type != elementType else { return self }
    let values = floats()
    if type == .float32 { return Tensor(values, shape: shape) }
    let result = Tensor.host(shape, type)
    unsafe result.withHostPointer { address in
      for (index, value) in values.enumerated() {
        switch type {
        case .float16: unsafe address.storeBytes(of: Float16(value), toByteOffset: index * 2, as: Float16.self)
        case .bfloat16:
          unsafe address.storeBytes(of: bfloat16Bits(value), toByteOffset: index * 2, as: UInt16.self)
        case .float32, .int32: preconditionFailure("floats cannot become \(type)")
        }
      }
    }
    return result
  }
}
