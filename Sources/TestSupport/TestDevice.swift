import Compute
import Tensor

/// The devices that models are tested on.
public enum TestDevice: String, CaseIterable, Sendable {
  /// Plain Swift, float32: the oracle.
  case reference
  /// The processor with its kernels, float32.
  case cpu

  /// The device.
  public var device: any ComputeDevice {
    switch self {
    case .reference: ReferenceDevice()
    case .cpu: CPUDevice(threads: 2, activationType: .float32)
    }
  }
}
