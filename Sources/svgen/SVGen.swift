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
    subcommands: [Generate.self, Plan.self, Compare.self, Decode.self, Benchmark.self, Inspect.self, Doctor.self])

  static func main() async {
    var command: any ParsableCommand = SVGen()
    // A stream that the caller closed would give its number to the next file that is opened, and what is meant for the
    // stream would be written into that.
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
      _ = unsafe open("/dev/null", O_RDWR)
    }
    // A reader that went away and a file that may not grow are errors to report, not reasons to die.
    for number in [SIGPIPE, SIGXFSZ] { _ = signal(number, SIG_IGN) }
    do {
      try RawArguments.check()
      try checkSubcommand()
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
      let failure = Failure.exit(for: error)
      guard let usage = failure as? ValidationError else { exit(withError: failure) }
      let isBenchmark = Benchmark.configuration.subcommands.contains { $0 == type(of: command) }
      let name = "svgen \(isBenchmark ? "benchmark " : "")\(type(of: command)._commandName)"
      StandardError.write("Error: \(usage.message)\nSee '\(name) --help' for the options.\n")
      exit(withError: ExitCode.validationFailure)
    }
  }

  /// Refuses a subcommand that does not exist and names those that do; the parser would speak of an argument too many.
  private static func checkSubcommand() throws {
    var (subcommands, others) = (configuration.subcommands, ["help"])
    for name in CommandLine.arguments.dropFirst() {
      guard !name.hasPrefix("-"), !subcommands.isEmpty, !others.contains(name) else { return }
      guard let subcommand = subcommands.first(where: { $0._commandName == name }) else {
        let names = subcommands.map { $0._commandName } + others
        throw ValidationError("there is no subcommand “\(name)”; there are \(names.joined(separator: ", "))")
      }
      (subcommands, others) = (subcommand.configuration.subcommands, [])
    }
  }
}
