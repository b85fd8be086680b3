import ArgumentParser
import SparseVideoGen

/// Which model runs, and where.
struct ModelOptions: ParsableArguments {
  @Option(
    help: "A model directory in diffusers layout, or org/name[@revision] of the Hugging Face cache. (default: bundled)",
    transform: OptionValue.name)
  var model: String?

  @Option(help: "auto, cpu or cuda[:0]. auto is a GPU where one can be used.", transform: OptionValue.device)
  var device: GeneratorOptions.Device = .automatic

  @Option(help: "What numbers are held in.")
  var dtype: GeneratorOptions.Numbers = .automatic

  @Option(parsing: .unconditional, help: "Threads of the processor. (default: all)", transform: OptionValue.integer)
  var threads: Int?

  var source: ModelSource { model.map(ModelSource.reference) ?? .bundled }

  var options: GeneratorOptions { GeneratorOptions(device: device, numbers: dtype, threads: threads) }

  var generator: VideoGenerator {
    get async throws { try await VideoGenerator(model: source, options: options) }
  }
}
