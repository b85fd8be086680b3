import Tensor

// The border between the reference device and memory. Loops over pointers with `while` are bearable in a debug build,
// where iterators and arrays cost a call for each element.

/// The elements of a tensor in the processor's memory as float32.
func referenceValues(_ tensor: Tensor) -> [Float] {
  guard tensor.elementType == .float32 else { return tensor.floats() }
  let count = tensor.shape.count
  return unsafe tensor.withHostPointer { address in
    unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      if count > 0 {
        unsafe UnsafeMutableRawPointer(buffer.baseAddress!).copyMemory(from: address, byteCount: count * 4)
      }
      initialized = count
    }
  }
}

/// Writes `values` over the elements of a float32 tensor.
func storeReferenceValues(_ values: [Float], in tensor: Tensor) {
  precondition(tensor.elementType == .float32 && tensor.shape.count == values.count)
  unsafe tensor.withHostPointer { address in
    unsafe values.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { unsafe address.copyMemory(from: base, byteCount: bytes.count) }
    }
  }
}

/// A new float32 tensor.
func referenceTensor(_ values: [Float], _ shape: Shape) -> Tensor {
  let tensor = Tensor.host(shape, .float32)
  storeReferenceValues(values, in: tensor)
  return tensor
}

/// `Σ a[aStart + i] · b[bStart + i]` for `i < count`, accumulated in double precision.
func dot(_ a: [Float], _ aStart: Int, _ b: [Float], _ bStart: Int, _ count: Int) -> Double {
  precondition(aStart >= 0 && bStart >= 0 && aStart + count <= a.count && bStart + count <= b.count)
  return unsafe a.withUnsafeBufferPointer { a in
    unsafe b.withUnsafeBufferPointer { b in
      guard count > 0, let left = a.baseAddress, let right = b.baseAddress else { return 0 }
      var sum = 0.0
      var index = 0
      while index < count {
        unsafe sum += Double(left[aStart + index]) * Double(right[bStart + index])
        index += 1
      }
      return sum
    }
  }
}

/// `sums[i] += factor · values[start + i]`.
func accumulate(_ factor: Double, _ values: [Float], _ start: Int, into sums: inout [Double]) {
  let count = sums.count
  precondition(start >= 0 && start + count <= values.count)
  unsafe sums.withUnsafeMutableBufferPointer { sums in
    unsafe values.withUnsafeBufferPointer { values in
      guard count > 0, let sum = sums.baseAddress, let value = values.baseAddress else { return }
      var index = 0
      while index < count {
        unsafe sum[index] += factor * Double(value[start + index])
        index += 1
      }
    }
  }
}
