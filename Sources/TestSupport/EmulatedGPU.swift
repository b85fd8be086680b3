import CCUDA
import CCUDAEmulation
import Compute

/// The GPUs that are emulated, by their numbers.
public enum EmulatedGPU: Int, Sendable {
  /// Compute capability 8.0: what all GPUs have.
  case ampere
  /// Compute capability 9.0: with kernels of its own for attention.
  case hopper
}

/// What the cuDNN of an emulated GPU can do.
public enum EmulatedConvolutions: CaseIterable, Sendable {
  /// There is none: our kernel convolves.
  case missing
  /// Convolutions with a bias.
  case withBias
  /// Convolutions that are added to what is there, and no bias.
  case withoutBias
  /// It is there and takes nothing.
  case refused

  fileprivate var functions: svg_cudnn? {
    switch self {
    case .missing: nil
    case .withBias: unsafe table(svg_emulated_convolutions)
    case .withoutBias: unsafe table(svg_emulated_convolutions_without_bias)
    case .refused: unsafe table(svg_emulated_convolutions_refused)
    }
  }
}

private func table<Table>(_ fill: (UnsafeMutableRawPointer) -> Void) -> Table {
  let table = UnsafeMutablePointer<Table>.allocate(capacity: 1)
  defer { unsafe table.deallocate() }
  unsafe fill(table)
  return unsafe table.pointee
}

extension CUDADevice {
  /// A GPU whose kernels run on the processor: slow, and the same text, lists and launches as on a real one.
  /// - Parameters:
  ///   - convolutions: What its cuDNN can do.
  ///   - choice: What convolves.
  ///   - mostCopiedBytes: What a copy of frames for cuDNN takes at most; the usual limit when `nil`.
  public static func emulated(
    _ gpu: EmulatedGPU = .ampere, convolutions: EmulatedConvolutions = .withBias,
    choice: CUDAConvolutionChoice = .library, mostCopiedBytes: Int? = nil
  ) throws -> CUDADevice {
    try CUDADevice(
      driver: unsafe table(svg_emulated_driver), compiler: unsafe table(svg_emulated_compiler),
      products: unsafe table(svg_emulated_products), convolutions: convolutions.functions,
      index: gpu.rawValue, choice: choice, mostCopiedBytes: mostCopiedBytes)
  }

  /// How often this thread has convolved through an emulated cuDNN.
  public static var emulatedConvolutions: Int { svg_emulated_convolutions_done() }

  /// How often this thread has waited for emulated GPUs.
  public static var emulatedWaits: Int { svg_emulated_synchronizations() }
}
