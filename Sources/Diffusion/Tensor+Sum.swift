import Tensor

extension Tensor {
  /// The weighted sum of two tensors, element by element.
  ///
  /// Weights are rounded to binary32, and so is every product and every sum, from left to right: as PyTorch computes
  /// the same expression.
  /// - Precondition: Both are float32, of one shape, in the processor's memory.
  static func sum(_ first: (weight: Double, Tensor), _ second: (weight: Double, Tensor)) -> Tensor {
    let (a, b) = (Float(first.weight), Float(second.weight))
    return combined(first.1, second.1) { x, y, result in
      for index in result.indices {
        result[index] = a * x[index] + b * y[index]
      }
    }
  }

  /// The weighted sum of three tensors, element by element; rounds like that of two.
  /// - Precondition: All are float32, of one shape, in the processor's memory.
  static func sum(
    _ first: (weight: Double, Tensor), _ second: (weight: Double, Tensor), _ third: (weight: Double, Tensor)
  ) -> Tensor {
    let (a, b, c) = (Float(first.weight), Float(second.weight), Float(third.weight))
    precondition(third.1.shape == first.1.shape, "\(third.1) cannot be added to \(first.1)")
    return third.1.withSpan(of: Float.self) { z in
      combined(first.1, second.1) { x, y, result in
        for index in result.indices {
          result[index] = a * x[index] + b * y[index] + c * z[index]
        }
      }
    }
  }

  /// A new tensor that `body` fills from two others.
  /// - Precondition: Both are float32, of one shape, in the processor's memory.
  static func combined(
    _ first: Tensor, _ second: Tensor, _ body: (Span<Float>, Span<Float>, inout MutableSpan<Float>) -> Void
  ) -> Tensor {
    precondition(first.shape == second.shape, "\(second) cannot be added to \(first)")
    let result = Tensor.host(first.shape, .float32)
    first.withSpan(of: Float.self) { x in
      second.withSpan(of: Float.self) { y in
        result.withMutableSpan(of: Float.self) { body(x, y, &$0) }
      }
    }
    return result
  }
}
