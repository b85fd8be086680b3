import Compute
import Tensor

/// What a benchmark runs on, and how often.
public struct BenchmarkMachine: Sendable {
  /// The device.
  let device: CPUDevice
  /// Measured rounds.
  let rounds: Int

  /// Creates a device for a benchmark.
  /// - Parameters:
  ///   - threads: All of the processor when `nil`.
  ///   - instructionSet: The best one when `nil`.
  ///   - elementType: Of activations; when `nil`, the type of the products of `instructionSet`, or the device's choice.
  /// - Throws: ``BenchmarkError`` for an instruction set that this processor does not have, and for counts that are not
  ///   positive.
  public init(
    threads: Int? = nil, instructionSet: InstructionSet? = nil, elementType: ElementType? = nil, rounds: Int
  ) throws(BenchmarkError) {
    try require("--rounds", rounds)
    if let threads {
      guard (1...1024).contains(threads) else {
        throw BenchmarkError("--threads must lie between 1 and 1024, not \(threads)")
      }
    }
    if let instructionSet, !instructionSet.isAvailable {
      let available = InstructionSet.allCases.filter(\.isAvailable).map(\.rawValue).joined(separator: ", ")
      throw BenchmarkError("--isa: this processor does not have \(instructionSet.rawValue): choose \(available)")
    }
    device = CPUDevice(
      threads: threads, activationType: elementType ?? instructionSet?.productType, instructionSet: instructionSet)
    self.rounds = rounds
  }

  /// What runs, for example `avx2, 2 threads, float32, oneDNN 2.6.3; medians of 7 rounds`.
  public var summary: String { "\(device.summary); medians of \(rounds) interleaved rounds" }

  /// Throws when a benchmark would hold more than the system can give: before anything is allocated, because a process
  /// that takes too much is ended without a word.
  /// - Parameters:
  ///   - shapes: The extents of everything that is held at the same time.
  ///   - bytesPerElement: What an element takes, in all the forms that are held.
  ///   - options: The options that the sizes come from.
  func expect(_ shapes: [[Int]], bytesPerElement: Int, options: String) throws(BenchmarkError) {
    // As `Double`, because the product of such sizes may not fit an `Int`.
    let bytes = shapes.reduce(0) { $0 + $1.reduce(Double(bytesPerElement)) { $0 * Double($1) } }
    guard let available = CPUDevice.availableMemory, bytes > Double(available) else { return }
    let wanted = bytes < 0x1p62 ? "\(Int(bytes) >> 20)" : "more than 2⁴²"
    throw BenchmarkError(
      "\(options) are too large: they need \(wanted) MiB of memory and \(available >> 20) MiB are available")
  }

  /// A result of work on this machine.
  func result(_ benchmark: String, _ variant: String, _ shape: [(String, Int)], _ samples: Samples) -> BenchmarkResult {
    var result = BenchmarkResult(
      benchmark: benchmark, variant: variant,
      shape: shape.map { BenchmarkResult.Extent(name: $0.0, value: $0.1) }, samples: samples)
    result.instructionSet = device.instructionSetName
    result.elementType = device.activationType.rawValue
    result.threads = device.threads
    return result
  }

  /// Measures contenders alternately, and the processor's peak in the same rounds.
  /// - Returns: The times, and the best peak of all rounds, in operations per second.
  func measure(_ contenders: [Contender]) throws -> (samples: [Samples], peak: Double) {
    let peak = Best()
    let probe = Contender(name: "peak") { peak.take(device.measurePeak()) }
    let samples = try interleaved(rounds: rounds, contenders + [probe])
    return (Array(samples.dropLast()), peak.value)
  }

  /// Uniform numbers in ±√3, which have variance 1: activations of this device.
  func activations(_ shape: Shape, seed: UInt64) throws -> Tensor {
    try device.upload(.noise(shape, seed: seed), as: device.activationType)
  }
}

/// The largest of the numbers that it was given.
private final class Best {
  private(set) var value = 0.0

  func take(_ number: Double) { value = max(value, number) }
}
