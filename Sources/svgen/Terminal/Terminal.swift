import Foundation
import SparseVideoGen

/// The terminal that standard error may be.
struct Terminal: Sendable {
  /// Whether a line can be redrawn in place.
  let isInteractive: Bool
  /// Whether colors are welcome, see <https://no-color.org>.
  let hasColors: Bool

  init() {
    let environment = ProcessInfo.processInfo.environment
    isInteractive = isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb"
    hasColors = isInteractive && (environment["NO_COLOR"] ?? "").isEmpty
  }

  /// Columns at this moment: a window may be resized while a video is made.
  var columns: Int { StandardError.columns ?? 80 }
}

/// Standard output: the results.
enum StandardOutput {
  /// Columns of the terminal behind it, at this moment; `nil` where there is none.
  static var columns: Int? { terminalColumns(STDOUT_FILENO) }

  /// Writes a text. What a reader that went away does not take is lost without harm to the work; a result that finds no room is
  /// not.
  /// - Throws: `FileError` when it cannot be written, to a full disk for example.
  static func write(_ text: String) throws {
    let number = writeAll(text, to: STDOUT_FILENO)
    guard number != 0, number != EPIPE else { return }
    throw FileError(.unwritable, "standard output cannot be written: \(unsafe String(cString: strerror(number)))")
  }
}

/// Standard error: everything else.
enum StandardError {
  /// Columns of the terminal behind it, at this moment; `nil` where there is none.
  static var columns: Int? { terminalColumns(STDERR_FILENO) }

  /// Writes a text; what cannot be written is lost without harm to the work.
  static func write(_ text: String) { _ = writeAll(text, to: STDERR_FILENO) }
}

private func terminalColumns(_ descriptor: Int32) -> Int? {
  var size = winsize()
  guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
  return Int(size.ws_col)
}

/// Writes a whole text.
/// - Returns: 0, or the error number of the system.
private func writeAll(_ text: String, to descriptor: Int32) -> Int32 {
  var rest = Array(text.utf8)[...]
  while !rest.isEmpty {
    let count = unsafe rest.withUnsafeBytes { unsafe Foundation.write(descriptor, $0.baseAddress, $0.count) }
    if count < 0, errno == EINTR { continue }
    guard count >= 0 else { return errno }
    rest = rest.dropFirst(count)
  }
  return 0
}
