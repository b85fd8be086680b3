import Foundation

/// The memory of this machine, or of the container that this process runs in.
enum SystemMemory {
  /// All of it, in bytes.
  static var total: Int { min(Int(ProcessInfo.processInfo.physicalMemory), controlGroupLimit ?? .max) }

  /// What programs can still use, in bytes; `nil` where the system does not say.
  static var available: Int? { number(after: "MemAvailable:", in: "/proc/meminfo").map { $0 * 1024 } }

  /// The most that this process has held, in bytes; `nil` where the system does not say.
  static var peakOfProcess: Int? { number(after: "VmHWM:", in: "/proc/self/status").map { $0 * 1024 } }

  /// The limit of the container, if there is one.
  private static var controlGroupLimit: Int? {
    let text = try? String(contentsOfFile: "/sys/fs/cgroup/memory.max", encoding: .utf8)
    return text.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  private static func number(after key: String, in path: String) -> Int? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    let line = text.split(separator: "\n").first { $0.hasPrefix(key) }
    return line.flatMap { $0.split(whereSeparator: \.isWhitespace).dropFirst().first }.flatMap { Int($0) }
  }
}
