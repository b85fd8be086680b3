import Foundation

/// The processor of this machine.
struct Processor {
  /// For example `AMD EPYC 7B13`.
  let name: String
  /// In the words of the system, for example `avx2`.
  let features: [String]

  /// Features that a kernel or a library makes use of.
  private static let known = [
    "avx2", "fma", "avx512f", "avx512bw", "avx512vl", "avx512_bf16", "avx512_vnni", "amx_bf16", "asimd", "bf16", "sve",
  ]

  init() {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    func value(_ keys: [String]) -> String? {
      for line in text.split(separator: "\n") {
        let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
        if parts.count == 2, keys.contains(parts[0]) { return parts[1] }
      }
      return nil
    }
    name = value(["model name", "Hardware", "CPU part"]) ?? "unknown"
    let flags = Set((value(["flags", "Features"]) ?? "").split(separator: " ").map(String.init))
    features = Self.known.filter(flags.contains)
  }
}
