#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension Activation {
  /// The function in double precision.
  func exact(_ x: Double) -> Double {
    switch self {
    case .identity: x
    case .relu: max(x, 0)
    case .silu: x / (1 + exp(-x))
    case .geluTanh: 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .gelu: 0.5 * x * erfc(-x * 0.5.squareRoot())
    case .quickGELU: x / (1 + exp(-1.702 * x))
    }
  }
}
