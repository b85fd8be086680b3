import ArgumentParser
import Foundation
import SparseVideoGen

/// The command `svgen`.
@main
struct SVGen: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "svgen",
    abstract: "Makes videos from text with sparse attention, on your own machine.",
    discussion: """
      The path of a result goes to standard output, everything else to standard error.
      Exit codes: 0 done, 1 failed, 64 wrong usage, 130 interrupted.
      """,
    version: sparseVideoGenVersion,
    subcommands: [Generate.self, Plan.self, Decode.self, Benchmark.self, Inspect.self, Doctor.self])

  static func main() async {
    var command: any ParsableCommand = SVGen()
    // A reader that went away and a file that may not grow are errors to report, not reasons to die.
    for number in [SIGPIPE, SIGXFSZ] { _ = signal(number, SIG_IGN) }
    do {
      try RawArguments.check()
      command = try parseAsRoot()
    } catch {
      exit(withError: error)
    }
    do {
      if var asyncCommand = command as? any AsyncParsableCommand {
        try await asyncCommand.run()
      } else {
        try command.run()
      }
    } catch {
      // The usage that follows a wrong value is that of the subcommand.
      type(of: command).exit(withError: Failure.exit(for: error))
    }
  }
}
