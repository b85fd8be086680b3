import Foundation
import Subprocess
import SystemPackage
import TestSupport

/// The built command.
enum Command {
  /// What a run left.
  struct Outcome {
    let code: Int
    let output: String
    let error: String
  }

  /// Where the build put it: beside the tests.
  static var path: String {
    let tests = Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])
    return tests.deletingLastPathComponent().appending(path: "svgen").path
  }

  /// A tiny model that every test can afford.
  static var model: String { Fixtures.model("cogvideox-5b").path }

  /// The options of the cheapest video.
  static var tiny: [String] { ["--model", model, "--frames", "1", "--steps", "2"] }

  /// Runs the command to its end.
  /// - Parameters:
  ///   - folder: The current folder of the run.
  ///   - environment: Variables that differ from those of the tests; `nil` removes one.
  static func run(
    _ arguments: [String], in folder: String? = nil, environment: [Environment.Key: String?] = [:]
  ) async throws -> Outcome {
    try await run(.path(FilePath(path)), Arguments(arguments), in: folder, environment: environment)
  }

  /// Runs a line of shell in which `$svgen` is the command and `$model` the tiny model.
  static func shell(_ line: String, in folder: String) async throws -> Outcome {
    try await run(
      .path(FilePath("/bin/sh")), ["-c", line], in: folder, environment: ["svgen": path, "model": model])
  }

  private static func run(
    _ executable: Executable, _ arguments: Arguments, in folder: String?, environment: [Environment.Key: String?]
  ) async throws -> Outcome {
    let result = try await Subprocess.run(
      executable, arguments: arguments, environment: .inherit.updating(environment),
      workingDirectory: folder.map { FilePath($0) }, output: .string(limit: 1 << 22), error: .string(limit: 1 << 22))
    return Outcome(
      code: code(result.terminationStatus), output: result.standardOutput, error: result.standardError)
  }

  /// The exit code, or 1000 and the signal.
  static func code(_ status: TerminationStatus) -> Int {
    switch status {
    case .exited(let code): Int(code)
    case .signaled(let signal): 1000 + Int(signal)
    }
  }

  /// Starts the command, sends a signal once standard error contains `text`, and waits for the end.
  ///
  /// A shell beside the command watches and sends: other tests may keep all threads of this process busy for longer than
  /// the command runs.
  /// - Parameter times: How often; again once the command has said that it saw the signal.
  static func interrupt(
    _ arguments: [String], with signal: Signal, after text: String, times: Int = 1, in folder: String
  ) async throws -> Outcome {
    let script = """
      send_after() {
        until grep -q "$1" .log; do kill -0 $$ || exit; sleep 0.01; done
        kill -s \(signal.rawValue) $$
      }
      (send_after "$text"; for next in $again; do send_after stopping; done) >/dev/null 2>&1 &
      exec "$svgen" "$@" 2>.log
      """
    let again = Array(repeating: "again", count: times - 1).joined(separator: " ")
    let outcome = try await run(
      .path(FilePath("/bin/sh")), Arguments(["-c", script, "sh"] + arguments), in: folder,
      environment: ["svgen": path, "text": text, "again": again])
    let log = folder + "/.log"
    let error = String(decoding: try bytes(log), as: UTF8.self)
    try FileManager.default.removeItem(atPath: log)
    return Outcome(code: outcome.code, output: outcome.output, error: error)
  }
}

/// A folder that lasts as long as a test.
func withTemporaryFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "svgen-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder.path)
}

/// The names of all files in a folder, hidden ones included.
func files(in folder: String) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}

/// The bytes of a file.
func bytes(_ path: String) throws -> Data {
  try Data(contentsOf: URL(filePath: path))
}
