import ArgumentParser
import Benchmark
import SparseVideoGen

/// A model with random weights, the video that it is measured with, and how results are reported.
struct RandomModelOptions: ParsableArguments {
  @OptionGroup(title: "Model")
  var model: ModelOptions

  @OptionGroup(title: "Video")
  var size: SizeOptions

  @Option(parsing: .unconditional, help: "Measured rounds.")
  var rounds = 1

  @Flag(help: "Write one JSON object a line.")
  var json = false

  /// The model and the video.
  var randomModel: RandomModel {
    RandomModel(model.source, width: size.width, height: size.height, frames: size.frames)
  }
}
