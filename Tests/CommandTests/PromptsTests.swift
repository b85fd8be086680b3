import Foundation
import Testing

struct PromptsTests {
  @Test func `a list makes many videos with one loading of the model`() async throws {
    try await withTemporaryFolder { folder in
      let list = """
        {"prompt": "a red circle", "seed": 1, "output": "one.y4m"}

        {"prompt": "a blue star", "output": "two.y4m", "negative_prompt": "red", "save_latents": "two.safetensors"}
        """
      try Data(list.utf8).write(to: URL(filePath: folder + "/list.jsonl"))
      let outcome = try await Command.run(["generate", "--prompts", "list.jsonl"] + Command.tiny, in: folder)
      #expect(outcome.code == 0)
      #expect(outcome.output == "one.y4m\ntwo.y4m\n")
      #expect(outcome.error.components(separatedBy: "loading transformer").count == 2)
      #expect(try files(in: folder) == ["list.jsonl", "one.y4m", "two.json", "two.safetensors", "two.y4m"])
      // A video of a list is the video that its request alone makes.
      _ = try await Command.run(
        ["generate", "--prompt", "a red circle", "--seed", "1", "-o", "alone.y4m"] + Command.tiny, in: folder)
      #expect(try bytes(folder + "/one.y4m") == bytes(folder + "/alone.y4m"))
    }
  }

  @Test(arguments: [
    (#"{"prompt": "a"}\#n{"prompt": 3}"#, "list.jsonl:2", "must be a string"),
    (#"{"prompt": "a", "sed": 3}"#, "list.jsonl:1", "no key \"sed\""),
    (#"{"prompt": "a", "seed": -3}"#, "list.jsonl:1", "seed"),
    (#"{"prompt": "a", "steps": 0}"#, "list.jsonl:1", "steps"),
    (#"\#n{"seed": 3}"#, "list.jsonl:2", "no \"prompt\""),
    (#"{"prompt": ""}"#, "list.jsonl:1", "empty"),
    (#"{"prompt": "a""#, "list.jsonl:1", "no valid JSON"),
    (#"["a"]"#, "list.jsonl:1", "object"),
    (#"{"prompt": "a", "output": "x.mp4"}\#n{"prompt": "b", "output": "x.mp4"}"#, "list.jsonl:2", "x.mp4"),
    (
      #"{"prompt": "a", "save_latents": "z.safetensors"}\#n{"prompt": "b", "save_latents": "z.safetensors"}"#,
      "list.jsonl:2", "list.jsonl:1 already writes z.safetensors"
    ),
    (#"{"prompt": "a", "output": "x.gif"}"#, "list.jsonl:1: “x.gif”", ".mp4"),
    (#"{"prompt": "a", "width": 48}\#n{"prompt": "a", "width": 50}"#, "list.jsonl:2: the width", "48 and 64"),
    (#"{"prompt": "a", "image": "x.png"}"#, "list.jsonl:1", "from text alone"),
    ("", "list.jsonl", "no prompt"),
  ])
  func `a line that cannot be read is named before anything is loaded`(
    list: String, place: String, reason: String
  ) async throws {
    try await withTemporaryFolder { folder in
      try Data(list.utf8).write(to: URL(filePath: folder + "/list.jsonl"))
      let outcome = try await Command.run(["generate", "--prompts", "list.jsonl"] + Command.tiny, in: folder)
      #expect(outcome.code == 64)
      #expect(outcome.error.contains(place))
      #expect(outcome.error.contains(reason))
      #expect(!outcome.error.contains("loading"))
      #expect(try files(in: folder) == ["list.jsonl"])
    }
  }

  @Test func `a list may come through a pipe`() async throws {
    try await withTemporaryFolder { folder in
      let line = """
        echo '{"prompt": "x", "output": "a.y4m"}' |
          "$svgen" generate --model "$model" --frames 1 --steps 2 --prompts /dev/stdin
        """
      let outcome = try await Command.shell(line, in: folder)
      #expect(outcome.code == 0 && outcome.output == "a.y4m\n", "\(outcome.error)")
    }
  }

  @Test func `two videos of one name in two formats keep their latents apart`() async throws {
    try await withTemporaryFolder { folder in
      let list = #"{"prompt": "x", "output": "a.y4m"}\#n{"prompt": "y", "output": "a.mp4"}"#
      try Data(list.utf8).write(to: URL(filePath: folder + "/list.jsonl"))
      let outcome = try await Command.run(["generate", "--prompts", "list.jsonl", "--json"] + Command.tiny, in: folder)
      #expect(outcome.code == 0)
      for name in ["a.latents.safetensors", "a.latents-2.safetensors"] { #expect(outcome.output.contains(name)) }
      #expect(try files(in: folder) == ["a.mp4", "a.y4m", "list.jsonl"])
    }
  }

  @Test func `a list that does not exist is named`() async throws {
    let outcome = try await Command.run(["generate", "--prompts", "/nowhere/list.jsonl"] + Command.tiny)
    #expect(outcome.code == 64)
    #expect(outcome.error.contains("/nowhere/list.jsonl cannot be read: No such file"))
  }

  @Test func `a text that is not UTF-8 is refused with its line`() async throws {
    try await withTemporaryFolder { folder in
      let line = Array(#"{"prompt": "a "#.utf8) + [0xFF] + Array(#""}"#.utf8)
      try Data(line).write(to: URL(filePath: folder + "/list.jsonl"))
      let outcome = try await Command.run(["generate", "--prompts", "list.jsonl"] + Command.tiny, in: folder)
      #expect(outcome.code == 64)
      #expect(outcome.error.contains("list.jsonl:1"))
    }
  }
}
