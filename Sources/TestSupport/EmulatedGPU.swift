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

extension CUDADevice {
  /// A GPU whose kernels run on the processor: slow, and the same text, lists and launches as on a real one.
  public static func emulated(_ gpu: EmulatedGPU = .ampere) throws -> CUDADevice {
    try CUDADevice(
      driver: unsafe table(svg_emulated_driver), compiler: unsafe table(svg_emulated_compiler),
      products: unsafe table(svg_emulated_products), index: gpu.rawValue)
  }

  /// How often this thread has waited for emulated GPUs.
  public static var emulatedWaits: Int { svg_emulated_synchronizations() }

  private static func table<Table>(_ fill: (UnsafeMutableRawPointer) -> Void) -> Table {
    let table = UnsafeMutablePointer<Table>.allocate(capacity: 1)
    defer { unsafe table.deallocate() }
    unsafe fill(table)
    return unsafe table.pointee
  }
}
