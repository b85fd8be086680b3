import Foundation
import TestSupport
import Testing

@testable import SparseVideoGen

/// A model that was trained on few words says which of a prompt's it does not know.
struct PromptWordsTests {
  @Test(arguments: [
    ("a black dog, running on a dark green background", ["“black”", "“dog”", "“running”"]),
    ("a Red circle moving left on a blue background", ["“Red”"]),
    ("a 🐶 standing still", ["“🐶”"]),
  ])
  func `the words that the bundled model never saw are named, and those that it knows`(
    prompt: String, words: [String]
  ) async throws {
    let plan = try await VideoGenerator().plan(GenerationRequest(prompt: prompt))
    let warning = try #require(plan.warnings.first)
    #expect(plan.warnings.count == 1)
    #expect(warning.hasPrefix("the model has never seen \(words.joined(separator: ", ")): "), "\(warning)")
    for known in ["circle", "moving left", "cyan", "small", "gradient"] { #expect(warning.contains(known)) }
    #expect(plan.description.contains(warning))
  }

  @Test func `the prompts of the study hold no other words`() async throws {
    let generator = try await VideoGenerator()
    let path = Self.root.appending(path: "Tools/results/prompts.jsonl").path
    for entry in try PromptList(path: path, request: GenerationRequest(prompt: "")).entries {
      #expect(try generator.plan(entry.request).warnings == [])
    }
    let sentence = "An orange star orbiting, and a ring shrinking on a yellow to gray gradient background."
    #expect(try generator.plan(GenerationRequest(prompt: sentence)).warnings == [])
  }

  @Test func `many unknown words are counted`() async throws {
    let prompt = (1...11).map { "word\($0)" }.joined(separator: " ")
    let warnings = try await VideoGenerator().plan(GenerationRequest(prompt: prompt)).warnings
    #expect(warnings.first?.contains("“word8” and 3 more: ") == true, "\(warnings)")
  }

  @Test func `the negative prompt counts where it is read, and is said to have no effect where it is not`() async throws
  {
    let generator = try await VideoGenerator()
    var request = GenerationRequest(prompt: "a red circle", negativePrompt: "ugly")
    #expect(try generator.plan(request).warnings.first?.contains("“ugly”") == true)
    request.guidance = 1
    request.usesDynamicGuidance = true
    let warnings = try generator.plan(request).warnings
    #expect(warnings.count == 2)
    for warning in warnings { #expect(warning.contains("no effect while guidance is 1")) }
    let embedded = try await tinyGenerator("hunyuan-video")
    let warning = try embedded.plan(GenerationRequest(prompt: "x", negativePrompt: "ugly")).warnings.first
    #expect(warning?.contains("no effect while true guidance is 1") == true)
  }

  @Test func `other models take any word`() async throws {
    #expect(try await tinyGenerator().plan(tinyRequest("a black dog")).warnings == [])
  }

  @Test func `every word that the bundled model knows is one piece of its tokenizer`() throws {
    let model = Self.root.appending(path: "Sources/SparseVideoGen/BundledModel")
    let text = try String(contentsOf: model.appending(path: "prompt_words.txt"), encoding: .utf8)
    let tokenizer = try String(contentsOf: model.appending(path: "tokenizer/tokenizer.json"), encoding: .utf8)
    let words = text.split { !$0.isLetter && $0 != ":" }.filter { !$0.hasSuffix(":") }
    #expect(words.count > 40)
    for word in words { #expect(tokenizer.contains("\"▁\(word)\""), "\(word)") }
  }

  @Test func `a file of words that is none is refused by name`() async throws {
    try await withTemporaryFolder { folder in
      let copy = URL(filePath: folder + "/model")
      try FileManager.default.copyItem(at: Fixtures.model("cogvideox-5b"), to: copy)
      try Data("circle, square\n".utf8).write(to: copy.appending(path: "prompt_words.txt"))
      let error = await #expect(throws: ModelError.self) { try await VideoGenerator(model: .reference(copy.path)) }
      #expect(error?.message.contains("prompt_words.txt: “circle, square” is no kind of words") == true)
    }
  }

  private static let root = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL
}
