import ArgumentParser
import Benchmark
import SparseVideoGen

/// How errors of the library end the command.
enum Failure {
  /// The exit code of a run that was interrupted.
  static let interrupted = ExitCode(130)

  /// The error that the argument parser knows how to end with: wrong values are usage errors and name the option.
  static func exit(for error: any Error) -> any Error {
    switch error {
    case is CancellationError: interrupted
    case let error as GenerationError where error.code == .invalidRequest:
      ValidationError((error.field.map { "\(OptionName.of($0)): " } ?? "") + error.message)
    case let error as GenerationError where error.code == .invalidPromptList: ValidationError(error.message)
    case let error as GenerationError where error.code == .interrupted: interrupted
    case let error as ModelError where error.code == .illegalSize: ValidationError(error.message)
    case let error as MediaError where error.code == .unsupportedFormat: ValidationError(error.message)
    case let error as BenchmarkError: ValidationError(error.message)
    case let error as ListedError:
      // What is wrong in a list is no option of the command line.
      if exit(for: error.cause) is ValidationError { ValidationError("\(error)") } else { error }
    default: error
    }
  }
}

/// What is wrong with a video of a list, and where the list says it.
struct ListedError: Error, CustomStringConvertible {
  /// For example `list.jsonl:3`.
  let place: String
  let cause: any Error

  var description: String { "\(place): \(cause)" }

  /// Runs something whose errors are about a line of a list, if `place` is one.
  static func naming<Result>(_ place: String?, _ body: () async throws -> Result) async throws -> Result {
    do {
      return try await body()
    } catch {
      throw place.map { ListedError(place: $0, cause: error) } ?? error
    }
  }
}

/// What the values of a request are called on the command line.
enum OptionName {
  static func of(_ field: RequestField) -> String {
    switch field {
    case .prompt: "--prompt"
    case .negativePrompt: "--negative-prompt"
    case .image: "--image"
    case .width: "--width"
    case .height: "--height"
    case .frames: "--frames"
    case .steps: "--steps"
    case .guidance: "--guidance"
    case .trueGuidance: "--true-guidance"
    case .dynamicGuidance: "--dynamic-guidance"
    case .framesPerSecond: "--fps"
    case .density: "--density"
    case .bandFrames: "--band-frames"
    case .bandTokens: "--band-tokens"
    case .denseSteps: "--dense-steps"
    case .denseLayers: "--dense-layers"
    case .profiledRows: "--profile-rows"
    case .attentionNumbers: "--attention-dtype"
    case .threads: "--threads"
    }
  }
}
