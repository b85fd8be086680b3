import Foundation
import Testing

struct GenerateTests {
  @Test func `the path is on standard output, the rest on standard error, and only the video stays`() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await Command.run(
        ["generate", "--prompt", "a red circle", "-o", "a.y4m"] + Command.tiny, in: folder)
      #expect(outcome.code == 0)
      #expect(outcome.output == "a.y4m\n")
      for word in ["denoising", "step 2/2", "decoding", "kept", "dropped"] { #expect(outcome.error.contains(word)) }
      #expect(!outcome.error.contains("\u{1B}"))
      #expect(try files(in: folder) == ["a.y4m"])
    }
  }

  @Test func `the same command makes the same bytes, another seed makes others`() async throws {
    try await withTemporaryFolder { folder in
      for (name, seed) in [("a", "3"), ("b", "3"), ("c", "4")] {
        let arguments = ["generate", "--quiet", "--prompt", "x", "--seed", seed, "-o", name + ".y4m"]
        let outcome = try await Command.run(arguments + Command.tiny, in: folder)
        #expect(outcome.code == 0)
        #expect(outcome.error == "")
      }
      #expect(try bytes(folder + "/a.y4m") == bytes(folder + "/b.y4m"))
      #expect(try bytes(folder + "/a.y4m") != bytes(folder + "/c.y4m"))
    }
  }

  @Test func `the number of threads and the way a density is written change no byte of a video`() async throws {
    try await withTemporaryFolder { folder in
      let variants = [("a", ["--threads", "1", "--density", "0.5"]), ("b", ["--threads", "2", "--density", "50%"])]
      for (name, options) in variants {
        let arguments = ["generate", "--prompt", "x", "--seed", "18446744073709551615", "-o", name + ".mp4"]
        let outcome = try await Command.run(arguments + options + Command.tiny, in: folder)
        #expect(outcome.code == 0)
      }
      #expect(try bytes(folder + "/a.mp4") == bytes(folder + "/b.mp4"))
    }
  }

  @Test func `a video without a name gets one, and never that of another`() async throws {
    try await withTemporaryFolder { folder in
      let arguments = ["generate", "--prompt", "A red circle, moving!", "--seed", "7"] + Command.tiny
      let first = try await Command.run(arguments, in: folder)
      let second = try await Command.run(arguments, in: folder)
      #expect(first.output == "a-red-circle-moving-seed7.mp4\n")
      #expect(second.output == "a-red-circle-moving-seed7-2.mp4\n")
      #expect(
        try bytes(folder + "/a-red-circle-moving-seed7.mp4") == bytes(folder + "/a-red-circle-moving-seed7-2.mp4"))
    }
  }

  @Test func `an MP4 file says how it was made, unless it should not`() async throws {
    try await withTemporaryFolder { folder in
      let arguments = ["generate", "--prompt", "ein grüner Stern", "--seed", "11", "--density", "0.5"] + Command.tiny
      _ = try await Command.run(arguments + ["-o", "with.mp4"], in: folder)
      _ = try await Command.run(arguments + ["-o", "without.mp4", "--no-metadata"], in: folder)
      let with = String(decoding: try bytes(folder + "/with.mp4"), as: UTF8.self)
      let without = String(decoding: try bytes(folder + "/without.mp4"), as: UTF8.self)
      for text in ["ein grüner Stern", #""seed":11"#, #""target_density":0.5"#, #""steps":2"#, "Sparse VideoGen"] {
        #expect(with.contains(text))
        #expect(!without.contains(text))
      }
    }
  }

  @Test func `events are JSON lines on standard output`() async throws {
    try await withTemporaryFolder { folder in
      let arguments = ["generate", "--json", "--quiet", "--prompt", "x", "-o", "a.y4m"] + Command.tiny
      let outcome = try await Command.run(arguments, in: folder)
      #expect(outcome.error == "")
      let events = try outcome.output.split(separator: "\n").map { line in
        try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      }
      let names = events.compactMap { $0["event"] as? String }.filter { $0 != "decoding" }
      #expect(
        names == [
          "planned", "loading", "encoded", "loading", "step", "step", "saved_latents", "loading", "finished",
        ])
      #expect(events.last?["output"] as? String == "a.y4m")
      #expect((events.last?["record"] as? [String: Any])?["prompt"] as? String == "x")
    }
  }

  @Test func `latents that are kept decode to the same video`() async throws {
    try await withTemporaryFolder { folder in
      let arguments = ["generate", "--prompt", "x", "-o", "a.y4m", "--save-latents", "z.safetensors"]
      _ = try await Command.run(arguments + Command.tiny, in: folder)
      #expect(try files(in: folder) == ["a.y4m", "z.json", "z.safetensors"])
      // The manifest names the model.
      let outcome = try await Command.run(["decode", "z.safetensors", "-o", "b.y4m"], in: folder)
      #expect(outcome.code == 0)
      #expect(outcome.output == "b.y4m\n")
      #expect(try bytes(folder + "/a.y4m") == bytes(folder + "/b.y4m"))
      // Without the manifest the model has to be named, and nothing else.
      try FileManager.default.removeItem(atPath: folder + "/z.json")
      _ = try await Command.run(["decode", "z.safetensors", "-o", "c.y4m", "--model", Command.model], in: folder)
      #expect(try bytes(folder + "/a.y4m") == bytes(folder + "/c.y4m"))
    }
  }

  @Test func `a prompt that is too long is cut, and that is said`() async throws {
    try await withTemporaryFolder { folder in
      let prompt = Array(repeating: "circle", count: 5000).joined(separator: " ")
      let outcome = try await Command.run(["generate", "--prompt", prompt, "-o", "a.y4m"] + Command.tiny, in: folder)
      #expect(outcome.code == 0)
      #expect(outcome.error.contains("the prompt is too long for the model"))
    }
  }

  @Test(arguments: [
    ("dense", ["--density", "0.5"]), ("dense", ["--dense-steps", "2"]), ("dense", ["--dense-layers", "0"]),
    ("dense", ["--profile-rows", "8"]), ("temporal", ["--profile-rows", "8"]),
  ])
  func `an option without effect is said`(attention: String, option: [String]) async throws {
    try await withTemporaryFolder { folder in
      let arguments = ["--prompt", "x", "--attention", attention] + option
      let outcome = try await Command.run(["generate", "-o", "a.y4m"] + arguments + Command.tiny, in: folder)
      #expect(outcome.code == 0)
      let note = "note: \(option[0]) has no effect with --attention \(attention)\n"
      #expect(outcome.error.contains(note))
      #expect(try await Command.run(["plan"] + arguments + Command.tiny).error == note)
    }
  }

  @Test func `words that the bundled model never saw are named, unless there is no prompt`() async throws {
    try await withTemporaryFolder { folder in
      let arguments = ["--prompt", "a black dog", "--frames", "1", "--steps", "1"]
      let outcome = try await Command.run(["generate", "-o", "a.y4m"] + arguments, in: folder)
      #expect(outcome.code == 0)
      #expect(outcome.error.contains("note: the model has never seen “black”, “dog”: "))
      let plan = try await Command.run(["plan"] + arguments)
      #expect(plan.output.contains("the model has never seen “black”, “dog”: "))
      #expect(try await !Command.run(["plan"]).output.contains("never seen"))
    }
  }

  @Test func `a video is named after the letters of its prompt`() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await Command.run(["generate", "--prompt", "Ein grüner Stern é 🐶"] + Command.tiny, in: folder)
      #expect(outcome.output == "ein-gruner-stern-e-seed0.mp4\n")
    }
  }
}
