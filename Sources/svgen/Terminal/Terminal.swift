import Foundation

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
  var columns: Int { Stream.error.columns ?? 80 }
}

/// The two streams of the command.
enum Stream {
  case output, error

  /// Columns of the terminal behind it, at this moment; `nil` where there is none.
  var columns: Int? {
    var size = winsize()
    let descriptor = self == .output ? STDOUT_FILENO : STDERR_FILENO
    guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// Writes a text; what cannot be written, to a closed pipe for example, is lost without harm to the work.
  func write(_ text: String) {
    let handle: FileHandle = self == .output ? .standardOutput : .standardError
    try? handle.write(contentsOf: Data(text.utf8))
  }
}
