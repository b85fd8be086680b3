import Foundation
import Subprocess
import TestSupport
import Testing

/// Videos that begin with a picture.
struct ImageTests {
  static let model = Fixtures.model("cogvideox-1.5-i2v").path
  static let cat = Fixtures.picture("color.png")

  /// The cheapest video of the image-to-video model.
  func generate(_ arguments: [String], in folder: String, path: String? = nil) async throws -> Command.Outcome {
    try await Command.run(
      ["generate", "--model", Self.model, "--prompt", "x", "--frames", "1", "--steps", "2", "--width", "48"]
        + ["--height", "32"] + arguments, in: folder, environment: path.map { ["PATH": $0] } ?? [:])
  }

  @Test func `a video begins with a picture, and another picture makes another video`() async throws {
    try await withTemporaryFolder { folder in
      for (name, picture) in [("a", "color.png"), ("b", "color.png"), ("c", "lossy.webp"), ("d", "orientation1.jpg")] {
        let outcome = try await generate(["--image", Fixtures.picture(picture), "-o", "\(name).y4m"], in: folder)
        #expect(outcome.code == 0, "\(outcome.error)")
        #expect(outcome.error.contains("loading vae_encoder"))
      }
      #expect(try bytes(folder + "/a.y4m") == bytes(folder + "/b.y4m"))
      #expect(try bytes(folder + "/a.y4m") != bytes(folder + "/c.y4m"))
    }
  }

  @Test func `a list names a picture in each line, and the manifest says which it was`() async throws {
    try await withTemporaryFolder { folder in
      let list = #"{"prompt": "x", "image": "\#(Self.cat)", "output": "a.y4m", "save_latents": "z.safetensors"}"#
      try Data(list.utf8).write(to: URL(filePath: folder + "/list.jsonl"))
      let outcome = try await Command.run(
        ["generate", "--model", Self.model, "--prompts", "list.jsonl", "--frames", "1", "--steps", "2"]
          + ["--width", "48", "--height", "32"], in: folder)
      #expect(outcome.code == 0, "\(outcome.error)")
      let manifest = String(decoding: try bytes(folder + "/z.json"), as: UTF8.self)
      #expect(manifest.contains(#""image" : "color.png""#))
      #expect(manifest.contains(#""image_checksum""#))
    }
  }

  @Test func `a plan says the picture, the memory of its encoder, and a shape that fits badly`() async throws {
    let size = ["--width", "48", "--height", "32"]
    let outcome = try await Command.run(["plan", "--model", Self.model, "--image", Self.cat] + size)
    #expect(outcome.code == 0, "\(outcome.error)")
    for text in ["color.png, 24×10", "image: ", "note          color.png is 24×10, the video 48×32"] {
      #expect(outcome.output.contains(text))
    }
  }

  @Test(arguments: [
    (["--image", "missing.png"], 1, ["missing.png", "cannot be read"]),
    (["--image", Fixtures.model("cogvideox-5b").appending(path: "model_index.json").path], 1, ["PNG, JPEG or WebP"]),
    ([], 64, ["--image", "makes videos from an image"]),
    (["--model", Command.model, "--image", cat], 64, ["--image", "from text alone"]),
  ])
  func `a picture that is missing, none, or not wanted is said before anything is loaded`(
    arguments: [String], code: Int, words: [String]
  ) async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await generate(arguments + ["-o", "a.y4m"], in: folder)
      #expect(outcome.code == code)
      for word in words { #expect(outcome.error.contains(word), "\(outcome.error)") }
      #expect(!outcome.error.contains("loading"))
      #expect(try files(in: folder) == [])
    }
  }

  @Test func `a damaged picture, and a machine without ffmpeg, are said before anything is loaded`() async throws {
    try await withTemporaryFolder { folder in
      let whole = try bytes(Self.cat)
      try whole.prefix(whole.count / 3).write(to: URL(filePath: folder + "/half.png"))
      let damaged = try await generate(["--image", "half.png", "-o", "a.y4m"], in: folder)
      #expect(damaged.code == 1)
      #expect(damaged.error.contains("half.png: the picture is damaged"))
      #expect(!damaged.error.contains("loading"))
      let without = try await generate(["--image", Self.cat, "-o", "a.y4m"], in: folder, path: folder)
      #expect(without.code == 1)
      #expect(without.error.contains("apt-get install ffmpeg"))
      #expect(!without.error.contains("loading"))
      #expect(try files(in: folder) == ["half.png"])
    }
  }
}
