import ArgumentParser
import SparseVideoGen

/// `svgen inspect`.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says what is in a model directory, and whether this version can run it.")

  @Argument(
    help: "A model directory, or org/name[@revision] of the Hugging Face cache. (default: the bundled model)",
    transform: OptionValue.name)
  var model: String?

  @Flag(help: "Write JSON.")
  var json = false

  func run() throws {
    let inspection = try ModelInspection(model.map(ModelSource.reference) ?? .bundled)
    try StandardOutput.write((json ? try jsonText(inspection) : inspection.description) + "\n")
  }
}
