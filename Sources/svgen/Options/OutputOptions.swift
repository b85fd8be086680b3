import ArgumentParser
import Foundation
import SparseVideoGen

/// Where the results go.
struct OutputOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help:
      "The video: .mp4, or lossless .y4m. A file of this name is replaced. (default: named after prompt and seed, in the current folder, never replacing a file)",
    transform: OptionValue.name)
  var output: String?

  @Option(
    help: "Keep the latents: a .safetensors file, with a manifest beside it.", transform: OptionValue.name)
  var saveLatents: String?

  @Flag(help: "Do not say in the MP4 file how it was made.")
  var noMetadata = false

  /// The file of a video without a name of its own: words of the prompt and the seed, and a number where that name is
  /// taken.
  /// - Parameter taken: Names that other videos of the same run have.
  static func name(prompt: String, seed: UInt64, taken: Set<String> = []) -> String {
    let letters = prompt.folding(options: [.caseInsensitive, .diacriticInsensitive], locale: nil)
    let words = letters.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    var stem = ""
    for word in words where stem.count + word.count <= 40 { stem += (stem.isEmpty ? "" : "-") + word }
    stem = (stem.isEmpty ? "video" : stem) + "-seed\(seed)"
    for number in 1... {
      let name = "\(stem)\(number == 1 ? "" : "-\(number)").mp4"
      if !taken.contains(name), !FileManager.default.fileExists(atPath: name) { return name }
    }
    preconditionFailure("a number is free")
  }
}
