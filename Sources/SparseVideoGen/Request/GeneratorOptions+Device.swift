import Compute

/// The device that a generator runs on, and what plans and reports say about it.
package struct ChosenDevice: Sendable {
  /// The device.
  package let device: any ComputeDevice
  /// `cpu` or `cuda:0`.
  package let name: String
  /// The memory that tensors have room in, in bytes.
  let memory: Int
  /// What it holds beside weights and activations.
  let overheads: MemoryOverheads
  /// Threads of the processor.
  package let threads: Int

  /// The most of the device's memory that has been held so far, in bytes: of the processor, what was resident of this
  /// process, `nil` where the system does not say; of a GPU, see `CUDADevice.peakFootprint`.
  package var peakMemory: Int? { (device as? CUDADevice)?.peakFootprint ?? SystemMemory.peakOfProcess }
}

extension GeneratorOptions {
  /// The device that is asked for.
  /// - Parameter convolutions: What convolves if it is a GPU.
  /// - Throws: ``GenerationError`` with the code `noSuchDevice` for a GPU that cannot be used, saying what is missing.
  /// - Precondition: The options were checked.
  package func makeDevice(convolutions: CUDAConvolutionChoice = .worthwhile) throws -> ChosenDevice {
    switch device {
    case .cpu: cpu
    case .cuda(let index): try gpu(index, convolutions)
    case .automatic:
      // A GPU holds bfloat16; float32 is only to be had from the processor.
      if numbers != .float32, let best = CUDASystem().firstUsable { try gpu(best.index, convolutions) } else { cpu }
    }
  }

  private var cpu: ChosenDevice {
    let device = CPUDevice(threads: threads, activationType: numbers.elementType)
    return ChosenDevice(
      device: device, name: "cpu", memory: SystemMemory.total, overheads: .processor, threads: device.threads)
  }

  private func gpu(_ index: Int, _ convolutions: CUDAConvolutionChoice) throws -> ChosenDevice {
    guard numbers != .float32 else {
      throw GenerationError(
        .noSuchDevice, "cuda:\(index) holds numbers as bfloat16, not float32: leave --dtype f32 out, or choose cpu")
    }
    do {
      let device = try CUDADevice(index: index, convolutions: convolutions)
      return ChosenDevice(
        device: device, name: "cuda:\(index)", memory: device.properties.memory, overheads: .gpu, threads: 1)
    } catch let error as ComputeError where error.code != .outOfMemory {
      throw GenerationError(
        .noSuchDevice, "cuda:\(index) cannot be used: \(error.message); svgen doctor says more", cause: error)
    }
  }
}
