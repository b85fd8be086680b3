import ArgumentParser

/// The size of a video; what is not given is the model's.
struct SizeOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: "Columns of pixels. (default: the model's)", transform: OptionValue.integer)
  var width: Int?

  @Option(parsing: .unconditional, help: "Rows of pixels. (default: the model's)", transform: OptionValue.integer)
  var height: Int?

  @Option(parsing: .unconditional, help: "Frames. (default: the model's)", transform: OptionValue.integer)
  var frames: Int?
}
