import ArgumentParser

/// What the command says while it works.
struct ReportOptions: ParsableArguments {
  @Flag(help: "Write one JSON object for each event to standard output.")
  var json = false

  @Flag(help: "Say nothing but errors and the path of the result.")
  var quiet = false
}
