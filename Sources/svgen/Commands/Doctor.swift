import ArgumentParser
import SparseVideoGen

/// `svgen doctor`.
struct Doctor: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says what this machine has, what is missing and how to get it.")

  @Flag(help: "Write JSON.")
  var json = false

  @Flag(help: "Run every operation of a device and compare it with plain arithmetic.")
  var selfTest = false

  @Option(help: "With --self-test: the device, auto, cpu or cuda[:0]. (default: auto)", transform: OptionValue.device)
  var device: GeneratorOptions.Device?

  func run() async throws {
    guard selfTest else {
      guard device == nil else {
        throw ValidationError("--device chooses what --self-test tests: give both, or neither")
      }
      let report = await SystemReport()
      return try StandardOutput.write((json ? try jsonText(report) : report.description) + "\n")
    }
    let test = try DeviceSelfTest(options: GeneratorOptions(device: device ?? .automatic))
    var failures = 0
    let hasPassed = try test.run { line in
      if !line.hasPassed { failures += 1 }
      try StandardOutput.write((json ? try jsonText(line) : Self.text(line)) + "\n")
    }
    guard hasPassed else {
      throw ComputeFailure(message: "\(failures) checks of \(test.device) failed: its results cannot be trusted")
    }
    if !json { try StandardOutput.write("\(test.device) computes what it should\n") }
  }

  /// For example `ok     23 % of the tolerance  add [37, 19]`.
  private static func text(_ line: DeviceSelfTest.Line) -> String {
    guard let worst = line.worst else { return "FAILED \(line.check): \(line.details)" }
    let share = "\(Int((worst * 100).rounded())) % of the tolerance"
    return line.hasPassed ? "ok     \(line.check): \(share)" : "FAILED \(line.check): \(share), \(line.details)"
  }
}

/// A self-test that failed.
private struct ComputeFailure: Error, CustomStringConvertible {
  let message: String
  var description: String { message }
}
