import CKernels
import Tensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

// What the processor can do at most, for benchmarks: the same threads, and nothing but products or copies.

extension CPUDevice {
  /// Multiplies in registers on all threads, with the instruction that the attention kernels multiply with.
  ///
  /// Takes some milliseconds. A thread that the system interrupts lowers the result, so take the best of several.
  /// - Returns: Floating-point operations per second of all threads together; 0 for the scalar kernels.
  public func measurePeak() -> Double {
    let rounds: Int64 = 10_000
    let pieces = 8 * threads
    let operations = svg_probe_products(instructionSet, rounds)
    let start = ContinuousClock.now
    workers.run(pieces) { _ in _ = svg_probe_products(instructionSet, rounds) }
    return operations * Double(pieces) / (start.duration(to: .now) / .seconds(1))
  }

  /// Copies a tensor with `memcpy` on all threads.
  /// - Precondition: Both are of the same size, in the processor's memory.
  public func copyBytes(of source: Tensor, to target: Tensor) {
    precondition(source.byteCount == target.byteCount, "\(source) is not of the size of \(target)")
    unsafe source.withHostPointer { from in
      unsafe target.withHostPointer { to in
        workers.run(count: source.byteCount, grain: max(4096, source.byteCount / (16 * threads))) { range in
          unsafe memcpy(to + range.lowerBound, from + range.lowerBound, range.count)
        }
      }
    }
  }
}
