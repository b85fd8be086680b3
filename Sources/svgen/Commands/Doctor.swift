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

  @Option(help: "With --self-test: the device, auto, cpu or cuda[:0].", transform: OptionValue.device)
  var device: GeneratorOptions.Device = .automatic

  func run() async throws {
    guard selfTest else {
      let report = await SystemReport()
      return Stream.output.write((json ? try jsonText(report) : report.description) + "\n")
    }
    let test = try DeviceSelfTest(options: GeneratorOptions(device: device))
    var failures = 0
    let hasPassed = test.run { line in
      if !line.hasPassed { failures += 1 }
      let text = json ? (try? jsonText(line)) ?? "" : Self.text(line)
      Stream.output.write(text + "\n")
    }
    guard hasPassed else {
      throw ComputeFailure(message: "\(failures) checks of \(test.device) failed: its results cannot be trusted")
    }
    if !json { Stream.output.write("\(test.device) computes what it should\n") }
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
