import Compute
import Tensor

/// The devices with bfloat16 activations that models are tested on.
public enum RoughDevice: String, CaseIterable, Sendable {
  /// The processor with its kernels.
  case cpu
  /// The kernels for GPUs, which run on the processor.
  case emulatedGPU

  /// The device.
  public var device: any ComputeDevice {
    get throws {
      switch self {
      case .cpu: CPUDevice(threads: 2, activationType: .bfloat16)
      case .emulatedGPU: try CUDADevice.emulated()
      }
    }
  }
}

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
