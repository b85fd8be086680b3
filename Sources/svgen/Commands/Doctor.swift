import ArgumentParser
import SparseVideoGen

/// `svgen doctor`.
struct Doctor: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says what this machine has, what is missing and how to get it.")

  @Flag(help: "Write JSON.")
  var json = false

  func run() async throws {
    let report = await SystemReport()
    Stream.output.write((json ? try jsonText(report) : report.description) + "\n")
  }
}
