import ArgumentParser
import Foundation
import SparseVideoGen

/// `svgen plan`.
struct Plan: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says what “generate” would run: tokens, attention by step and layer, work and memory. Makes nothing.")

  @OptionGroup(title: "Video")
  var video: VideoOptions

  @OptionGroup(title: "Attention")
  var attention: AttentionOptions

  @OptionGroup(title: "Model")
  var model: ModelOptions

  @Flag(help: "Write the plan as JSON.")
  var json = false

  func run() async throws {
    // A plan needs no prompt: its length does not change the work. A mark is none, but it is not empty.
    let request = video.request(
      prompt: video.prompt ?? "-", attention: try attention.choice, numbers: attention.attentionDtype)
    for note in attention.notes { StandardError.write("note: \(note)\n") }
    let plan = try await model.generator.plan(request)
    try StandardOutput.write((json ? try jsonText(plan) : plan.description) + "\n")
  }
}

/// A value as JSON for people and programs.
func jsonText(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
  encoder.keyEncodingStrategy = .convertToSnakeCase
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}
