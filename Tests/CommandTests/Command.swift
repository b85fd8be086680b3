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
  /// - Parameter times: How often; again once the command has said that it saw the signal.
  static func interrupt(
    _ arguments: [String], with signal: Signal, after text: String, times: Int = 1, in folder: String
  ) async throws -> Outcome {
    // A file, because a pipe is handed over only when it is full.
    let log = folder + "/.log"
    let file = try FileDescriptor.open(
      FilePath(log), .readWrite, options: [.create, .truncate], permissions: .ownerReadWrite)
    let result = try await Subprocess.run(
      .path(FilePath(path)), arguments: Arguments(arguments), workingDirectory: FilePath(folder), input: .none,
      output: .string(limit: 1 << 22), error: .fileDescriptor(file, closeAfterSpawningProcess: true)
    ) { execution in
      for text in [text] + Array(repeating: "stopping", count: times - 1) {
        while try !String(decoding: bytes(log), as: UTF8.self).contains(text) {
          try await Task.sleep(for: .milliseconds(5))
        }
        try execution.send(signal: signal)
      }
    }
    let error = String(decoding: try bytes(log), as: UTF8.self)
    try FileManager.default.removeItem(atPath: log)
    return Outcome(code: code(result.terminationStatus), output: result.standardOutput, error: error)
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
