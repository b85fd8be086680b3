import Attention
import Tensor

/// One operation of a device with some sizes, compared with ``ReferenceDevice``.
public struct DeviceCheck: Sendable {
  /// What a check found.
  public struct Outcome: Sendable {
    /// The largest error of an element as a share of its tolerance; infinite where something is not a number.
    public let worst: Float
    /// The element in words: what it is and what it should be.
    public let details: String

    /// Whether every element is within its tolerance.
    public var hasPassed: Bool { worst <= 1 }
  }

  /// The operation, for example `normalize`.
  public let operation: String
  /// The sizes, for example `[67, 100]`.
  public let sizes: String
  private let body: @Sendable (CheckBench) throws -> Outcome

  init(_ operation: String, _ sizes: String, _ body: @escaping @Sendable (CheckBench) throws -> Outcome) {
    self.operation = operation
    self.sizes = sizes
    self.body = body
  }

  /// Runs the operation on a device and on the reference.
  /// - Throws: What the device throws.
  public func run(on device: any ComputeDevice) throws -> Outcome {
    try body(CheckBench(device: device))
  }

  /// What every device does: every operation with small and awkward sizes.
  public static var all: [DeviceCheck] {
    valueChecks + linearChecks + rowChecks + frameChecks + attentionChecks
  }

  /// All checks, those of what only some devices do among them.
  public static func all(for device: any ComputeDevice) -> [DeviceCheck] {
    all + device.headLimits.float8Dimensions.flatMap { float8Checks(dimension: $0) }
  }
}

/// A device beside the reference, and operands for both.
struct CheckBench {
  let device: any ComputeDevice
  let reference: ReferenceDevice

  init(device: any ComputeDevice) {
    self.device = device
    reference = ReferenceDevice(attentionBlockSize: device.attentionBlockSize)
  }

  /// The relative error of storing one activation.
  var unit: Float { device.activationType == .float32 ? 0x1p-24 : 0x1p-8 }

  /// Whether the device works with fewer digits than float32.
  var isCoarse: Bool { device.activationType != .float32 }

  /// Activations on the device, and the same numbers for the reference.
  func operand(_ tensor: Tensor) throws -> (own: Tensor, exact: Tensor) {
    let exact = tensor.converted(to: device.activationType)
    return (try device.upload(exact, as: device.activationType), exact.converted(to: .float32))
  }

  /// A float32 parameter on the device.
  func parameter(_ tensor: Tensor) throws -> Tensor { try device.upload(tensor, as: .float32) }

  /// Compares element by element; the tolerance of an element is `relative·|wanted| + absolute`.
  func compare(_ result: Tensor, _ wanted: Tensor, relative: Float, absolute: Float) throws -> DeviceCheck.Outcome {
    guard result.shape == wanted.shape else {
      return DeviceCheck.Outcome(worst: .infinity, details: "\(result.shape) instead of \(wanted.shape)")
    }
    let (got, expected) = (try device.download(result).floats(), wanted.floats())
    var (worst, place) = (Float(0), 0)
    for index in got.indices {
      let share = abs(got[index] - expected[index]) / (relative * abs(expected[index]) + absolute)
      if !(share <= worst) { (worst, place) = (share.isNaN ? .infinity : share, index) }
    }
    guard !got.isEmpty else { return DeviceCheck.Outcome(worst: 0, details: "no elements") }
    return DeviceCheck.Outcome(
      worst: worst, details: "element \(place) is \(got[place]) and should be \(expected[place])")
  }

  /// Compares vector by vector: the tolerance of the norm of a difference is `relative` times the norm that is wanted.
  /// - Parameter vectors: The equal parts that both are split into.
  func compareNorms(_ result: Tensor, _ wanted: Tensor, vectors: Int, relative: Float) throws -> DeviceCheck.Outcome {
    guard result.shape == wanted.shape else {
      return DeviceCheck.Outcome(worst: .infinity, details: "\(result.shape) instead of \(wanted.shape)")
    }
    let (got, expected) = (try device.download(result).floats(), wanted.floats())
    let length = got.count / vectors
    var (worst, place) = (Float(0), 0)
    for vector in 0..<vectors {
      let range = vector * length..<(vector + 1) * length
      let error = range.reduce(0) { $0 + (got[$1] - expected[$1]) * (got[$1] - expected[$1]) }.squareRoot()
      let norm = range.reduce(0) { $0 + expected[$1] * expected[$1] }.squareRoot()
      // What should be zero must be.
      let share = error == 0 ? 0 : error / (relative * norm)
      if !(share <= worst) { (worst, place) = (share.isNaN ? .infinity : share, vector) }
    }
    return DeviceCheck.Outcome(
      worst: worst, details: "vector \(place) of \(vectors) is off by \(worst * relative) of its norm")
  }
}

extension DeviceCheck.Outcome {
  /// The worse of two.
  static func worse(_ one: DeviceCheck.Outcome, _ other: DeviceCheck.Outcome) -> DeviceCheck.Outcome {
    one.worst >= other.worst ? one : other
  }
}

/// Numbers between −1 and 1, scaled and moved, that depend on the seed only: for checks and tests of devices.
package func noise(_ shape: Shape, seed: UInt64, scale: Float = 1, offset: Float = 0) -> Tensor {
  var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678
  var values: [Float] = []
  values.reserveCapacity(shape.count)
  for _ in 0..<shape.count {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    values.append((Float(Int32(truncatingIfNeeded: state >> 32)) / Float(1 << 31)) * scale + offset)
  }
  return Tensor(values, shape: shape)
}
