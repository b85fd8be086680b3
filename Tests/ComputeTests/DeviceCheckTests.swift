import Compute
import Tensor
import TestSupport
import Testing

/// Every operation of every device against the reference, with small and awkward sizes: what `svgen doctor --self-test`
/// runs too.
@Suite struct DeviceCheckTests {
  /// Whether this machine has a GPU and what it needs.
  static let hasGPU = CUDASystem().isUsable

  @Test(arguments: DeviceCheck.all.indices)
  func `the processor computes what it should`(check: Int) throws {
    let check = DeviceCheck.all[check]
    for type in [ElementType.float32, .bfloat16] {
      let outcome = try check.run(on: CPUDevice(threads: 2, activationType: type))
      #expect(outcome.hasPassed, "\(check.operation) \(check.sizes), \(type): \(outcome.details), \(outcome.worst)")
    }
  }

  /// What a GPU would do, instruction by instruction: not its speed, but its arithmetic, addresses and launches.
  @Test(arguments: DeviceCheck.all.indices)
  func `a GPU that is emulated computes what it should`(check: Int) throws {
    let check = DeviceCheck.all[check]
    let outcome = try check.run(on: CUDADevice.emulated())
    #expect(outcome.hasPassed, "\(check.operation) \(check.sizes): \(outcome.details), \(outcome.worst)")
  }

  /// Hopper's kernels, and what other GPUs do not have.
  @Test func `a Hopper GPU that is emulated attends as it should`() throws {
    let device = try CUDADevice.emulated(.hopper)
    // Other head dimensions and operations have the kernels of all GPUs.
    let checks = DeviceCheck.all(for: device).filter {
      $0.operation.hasPrefix("attendBlocks") && ($0.sizes.hasSuffix("D = 64") || $0.sizes.hasSuffix("D = 128"))
    }
    #expect(checks.count { $0.operation.contains("fp8") } == 7 && checks.count == 12)
    for check in checks {
      let outcome = try check.run(on: device)
      #expect(outcome.hasPassed, "\(check.operation) \(check.sizes): \(outcome.details), \(outcome.worst)")
    }
  }

  @Test(arguments: EmulatedConvolutions.allCases)
  func `whatever cuDNN can do, convolutions are what they should be`(convolutions: EmulatedConvolutions) throws {
    let device = try CUDADevice.emulated(convolutions: convolutions)
    let before = CUDADevice.emulatedConvolutions
    for check in DeviceCheck.all where check.operation == "convolve" {
      let outcome = try check.run(on: device)
      #expect(outcome.hasPassed, "\(check.operation) \(check.sizes): \(outcome.details), \(outcome.worst)")
    }
    let isUsed = convolutions == .withBias || convolutions == .withoutBias
    #expect((CUDADevice.emulatedConvolutions > before) == isUsed)
  }

  @Test(.enabled(if: hasGPU, "there is no GPU with CUDA, NVRTC and cuBLASLt"))
  func `the GPU computes what it should`() throws {
    let device = try CUDADevice()
    for check in DeviceCheck.all(for: device) {
      let outcome = try check.run(on: device)
      #expect(outcome.hasPassed, "\(check.operation) \(check.sizes): \(outcome.details), \(outcome.worst)")
    }
  }
}
