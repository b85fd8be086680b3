import Compute
import Figures
import Foundation
import Media

/// What this machine has, what is missing and how to get it.
public struct SystemReport: Sendable, Hashable, Codable {
  /// The version of this program.
  public let version: String
  /// The operating system.
  public let system: String
  /// The processor.
  public let processor: String
  /// The features of the processor that matter here.
  public let features: [String]
  /// The kernels that this build chooses on this processor.
  public let kernels: String
  /// Threads that the process may use.
  public let threads: Int
  /// The memory of the machine, in bytes.
  public let memory: Int
  /// What is still free of it, in bytes; `nil` where the system does not say.
  public let availableMemory: Int?
  /// What numbers are held in unless something else is asked for.
  public let numbers: String
  /// The version of oneDNN, which multiplies matrices and convolves.
  public let oneDNN: String
  /// Where ffmpeg is, with its version; `nil` when it is missing.
  public let ffmpeg: String?
  /// Where the bundled model lies; `nil` when it is missing.
  public let bundledModel: String?
  /// The GPUs, usable or not, for example `cuda:0 NVIDIA H100 80GB HBM3, sm_90a, 85 GB`.
  public let gpus: [String]
  /// NVIDIA's libraries that were found, and where.
  public let cudaLibraries: [String]
  /// Why no GPU can be used, and how to get what is missing; `nil` when one can.
  public let cudaProblem: String?
  /// What is missing, and how to get it.
  public let problems: [String]

  /// Examines the machine.
  public init() async {
    var problems: [String] = []
    let processor = Processor()
    version = sparseVideoGenVersion
    system = ProcessInfo.processInfo.operatingSystemVersionString
    self.processor = processor.name
    features = processor.features
    let device = CPUDevice()
    kernels = device.instructionSetName
    threads = device.threads
    memory = SystemMemory.total
    availableMemory = SystemMemory.available
    numbers = device.activationType.rawValue
    oneDNN = CPUDevice.oneDNNVersion
    do {
      let found = try await FFmpeg.find()
      ffmpeg = "\(found.path) (\(try await found.version()))"
    } catch {
      ffmpeg = nil
      problems.append("\(error)")
    }
    do {
      bundledModel = try ModelSource.bundledURL().path
    } catch {
      bundledModel = nil
      problems.append("\(error)")
    }
    let cuda = CUDASystem()
    gpus = cuda.gpus.map { gpu in
      let usable = gpu.isUsable ? "" : ", too old: compute capability 8.0 is needed"
      return "cuda:\(gpu.index) \(gpu.name), \(gpu.architecture), \(Figure.bytes(gpu.memory))\(usable)"
    }
    cudaLibraries = cuda.libraries.compactMap { library in
      library.path.map { "\(library.library.rawValue): \($0)" + (library.version.map { " (\($0))" } ?? "") }
    }
    // Without a GPU nothing is missing that could help.
    let missing = cuda.libraries.compactMap(\.problem)
    if !cuda.gpus.isEmpty { problems += missing }
    let required = cuda.libraries.first { $0.library.isRequired && $0.problem != nil }
    cudaProblem = cuda.isUsable ? nil : required?.problem ?? "no GPU can be used"
    self.problems = problems
  }
}

extension SystemReport: CustomStringConvertible {
  /// The report as a person reads it.
  public var description: String {
    let free = availableMemory.map { ", \(Figure.bytes($0)) free" } ?? ""
    let rows =
      [
        ("svgen", version),
        ("system", system),
        ("processor", processor),
        ("features", features.isEmpty ? "none that matter here" : features.joined(separator: ", ")),
        ("kernels", kernels),
        ("threads", "\(threads)"),
        ("memory", Figure.bytes(memory) + free),
        ("numbers", numbers),
        ("oneDNN", oneDNN),
        ("ffmpeg", ffmpeg ?? "missing"),
        ("bundled model", bundledModel ?? "missing"),
      ]
      + (gpus.isEmpty ? [("GPU", "none used: \(cudaProblem ?? "the driver offers none")")] : gpus.map { ("GPU", $0) })
      + cudaLibraries.map { ("CUDA", $0) }
    let lines = rows.map { $0.0.padding(toLength: 15, withPad: " ", startingAt: 0) + $0.1 }
    let remedies = problems.isEmpty ? ["nothing is missing"] : problems.map { "missing: \($0)" }
    return (lines + remedies).joined(separator: "\n")
  }
}
