import Compute
import Tensor
import Testing

/// A float32 tensor of literals.
func floats(_ values: [Float], _ shape: Shape) -> Tensor { Tensor(values, shape: shape) }

/// Noise in float32 that bfloat16 holds without rounding, so that a layer's own type makes no difference to its weights.
func exactNoise(_ shape: Shape, seed: UInt64) -> Tensor {
  noise(shape, seed: seed).converted(to: .bfloat16).converted(to: .float32)
}

/// How a processor device is set up in a test.
struct Setup: Sendable, CustomTestStringConvertible {
  let type: ElementType
  let threads: Int

  static let all = [
    Setup(type: .float32, threads: 1), Setup(type: .float32, threads: 2), Setup(type: .float32, threads: 3),
    Setup(type: .bfloat16, threads: 2),
  ]

  /// One of each type, where the number of threads is tested apart.
  static let types = [Setup(type: .float32, threads: 2), Setup(type: .bfloat16, threads: 3)]

  var testDescription: String { "\(type), \(threads) threads" }

  var device: CPUDevice { CPUDevice(threads: threads, activationType: type) }

  /// The relative error of storing one number.
  var unit: Float { type == .float32 ? 0x1p-24 : 0x1p-8 }

  /// An operand that is exact in this type, and the same values as float32.
  func operand(_ tensor: Tensor) -> (own: Tensor, exact: Tensor) {
    let own = tensor.converted(to: type)
    return (own, own.converted(to: .float32))
  }
}

/// Compares element by element; the tolerance of an element is `relative·|wanted| + absolute`.
func expectClose(
  _ result: Tensor, _ wanted: Tensor, relative: Float, absolute: Float, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(result.shape == wanted.shape, sourceLocation: sourceLocation)
  guard result.shape == wanted.shape else { return }
  let (got, expected) = (result.floats(), wanted.floats())
  var (worst, worstIndex) = (Float(-1), 0)
  for index in got.indices {
    let share = abs(got[index] - expected[index]) / (relative * abs(expected[index]) + absolute)
    if !(share <= worst) { (worst, worstIndex) = (share, index) }
  }
  guard !got.isEmpty else { return }
  #expect(
    worst <= 1,
    """
    \(what) \(result): the worst element is \(worstIndex): \(got[worstIndex]) instead of \(expected[worstIndex]), \
    \(worst) times the tolerance \(relative)·|x| + \(absolute)
    """, sourceLocation: sourceLocation)
}
