import CCUDA
import Files

/// A file of kernels that this package brings.
enum CUDASource: String, CaseIterable, Sendable {
  case values = "elementwise/values.cu"
  case rows = "elementwise/rows.cu"
  case frames = "elementwise/frames.cu"
  case text = "elementwise/text.cu"
  case convolve = "convolution/convolve.cu"
  case surround = "convolution/surround.cu"
  case simpleAttention = "attention/simple.cu"
  case wideAttention = "attention/wide.cu"
  case prepare64 = "attention/prepare_d64.cu"
  case prepare128 = "attention/prepare_d128.cu"
  case profile64 = "attention/profile_d64.cu"
  case profile128 = "attention/profile_d128.cu"
  case quantize128 = "attention/quantize_d128.cu"
  case attendWarps64 = "attention/attend_sm80_d64.cu"
  case attendWarps128 = "attention/attend_sm80_d128.cu"
  case attendHopper64 = "attention/attend_sm90_d64.cu"
  case attendHopper128 = "attention/attend_sm90_d128.cu"
  case attendHopperFloat8 = "attention/attend_sm90_fp8_d128.cu"

  /// Whether the file can be compiled for an architecture: Hopper's matrix instructions are Hopper's alone.
  func isMeant(for architecture: String) -> Bool {
    switch self {
    case .quantize128, .attendHopper64, .attendHopper128, .attendHopperFloat8: architecture == "sm_90a"
    default: true
    }
  }

  /// The file and everything that it may include.
  var program: CUDAProgram {
    let files = CUDAProgram.embeddedFiles
    guard let text = files[rawValue] else { preconditionFailure("\(rawValue) is not part of this build") }
    return CUDAProgram(name: rawValue, text: text, headers: files.filter { $0.key.hasSuffix(".cuh") })
  }
}

/// What the compiler is given.
struct CUDAProgram: Sendable {
  /// For example `elementwise/rows.cu`.
  let name: String
  /// The text of the file.
  let text: String
  /// The texts of all headers by their paths.
  let headers: [String: String]

  /// The text of all files that were embedded in this build, by their paths.
  static var embeddedFiles: [String: String] {
    var count = 0
    let sources = unsafe svg_cuda_sources(&count)
    var files: [String: String] = [:]
    for index in 0..<count {
      let source = unsafe sources[index]
      files[unsafe String(cString: source.name)] = unsafe String(cString: source.text)
    }
    return files
  }

  /// The headers as `#include` names them: by their paths, and without the first folder, as files of the same folder do.
  var includes: [(name: String, text: String)] {
    headers.sorted { $0.key < $1.key }.flatMap { path, text in
      let parts = path.split(separator: "/", maxSplits: 1)
      return [(path, text)] + (parts.count == 2 ? [(String(parts[1]), text)] : [])
    }
  }
}

/// How a program is compiled.
struct CUDACompilation: Hashable, Sendable {
  /// For example `sm_90a`.
  let architecture: String
  /// Options beside the architecture.
  var options = ["--std=c++17"]

  /// All options.
  var allOptions: [String] { ["--gpu-architecture=\(architecture)"] + options }

  /// The name of a compiled program: everything that it depends on, as 64 hexadecimal digits.
  /// - Parameter compiler: The compiler's version.
  func key(_ program: CUDAProgram, compiler: String) -> String {
    let parts =
      [program.name, program.text] + program.includes.flatMap { [$0.name, $0.text] } + allOptions + [compiler]
    // No text holds a zero, so that parts cannot run into each other.
    return SHA256.hexadecimalDigest(of: parts.flatMap { Array($0.utf8) + [0] })
  }
}
