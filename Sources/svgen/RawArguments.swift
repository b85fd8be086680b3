import ArgumentParser

/// The arguments as the system handed them over.
///
/// `CommandLine.arguments` replaces what is not UTF-8, so that a damaged prompt would be taken as if nothing were wrong.
enum RawArguments {
  /// Refuses arguments that are not UTF-8.
  static func check() throws {
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let argument = unsafe CommandLine.unsafeArgv[index] else { break }
      guard unsafe String(validatingCString: argument) == nil else { continue }
      let name = index > 1 ? CommandLine.arguments[index - 1] : ""
      let place = name.hasPrefix("-") ? "the value of \(name)" : "argument \(index)"
      throw ValidationError("\(place) is not valid UTF-8: save the text as UTF-8, or check the terminal's encoding")
    }
  }
}
