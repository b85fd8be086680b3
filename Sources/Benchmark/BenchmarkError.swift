/// Why a benchmark cannot run.
public struct BenchmarkError: Error, Sendable, CustomStringConvertible {
  /// Names the option, says what was expected and what to do.
  public let message: String

  /// Creates an error.
  public init(_ message: String) {
    self.message = message
  }

  /// The message.
  public var description: String { message }
}

/// Throws when an option that counts something is not at least `least`.
func require(_ option: String, _ value: Int, atLeast least: Int = 1) throws(BenchmarkError) {
  guard value >= least else { throw BenchmarkError("\(option) must be at least \(least), not \(value)") }
}
