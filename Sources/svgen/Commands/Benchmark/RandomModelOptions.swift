import ArgumentParser
import Benchmark
import SparseVideoGen

/// A model with random weights, the video that it is measured with, and how results are reported.
struct RandomModelOptions: ParsableArguments {
  @OptionGroup(title: "Model")
  var model: ModelOptions

  @Option(parsing: .unconditional, help: "Columns of pixels. (default: the model's)", transform: OptionValue.integer)
  var width: Int?

  @Option(parsing: .unconditional, help: "Rows of pixels. (default: the model's)", transform: OptionValue.integer)
  var height: Int?

  @Option(parsing: .unconditional, help: "Frames. (default: the model's)", transform: OptionValue.integer)
  var frames: Int?

  @Option(parsing: .unconditional, help: "Measured rounds.")
  var rounds = 1

  @Flag(help: "Write one JSON object a line.")
  var json = false

  func validate() throws {
    guard (width == nil) == (height == nil) else { throw ValidationError("--width and --height belong together") }
  }

  /// The model and the video.
  var randomModel: RandomModel {
    var size: (width: Int, height: Int)?
    if let width, let height { size = (width, height) }
    return RandomModel(model.source, frames: frames, size: size)
  }
}
