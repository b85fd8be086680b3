import Foundation
import Subprocess
import TestSupport
import Testing

/// What the world does wrong is said in one sentence, with the exit code 1.
struct FailureTests {
  @Test func `a model that is not there is named`() async throws {
    let outcome = try await Command.run(["plan", "--model", "/nowhere/model"])
    #expect(outcome.code == 1)
    #expect(outcome.error.contains("/nowhere/model"))
  }

  @Test func `a model that is not in the cache comes with the command that fetches it`() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await Command.run(["inspect", "some/model"], environment: ["HF_HUB_CACHE": folder])
      #expect(outcome.code == 1)
      #expect(outcome.error.contains("hf download some/model"))
    }
  }

  @Test func `a folder that is no model is named`() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await Command.run(["inspect", folder])
      #expect(outcome.code == 1)
      #expect(outcome.error.contains("model_index.json"))
    }
  }

  @Test func `weights that are missing are named before anything is loaded`() async throws {
    try await withTemporaryFolder { folder in
      let model = folder + "/model"
      try FileManager.default.copyItem(atPath: Command.model, toPath: model)
      let shards = try files(in: model + "/transformer").filter { $0.hasSuffix(".safetensors") }
      let shard = try #require(shards.first)
      try FileManager.default.removeItem(atPath: model + "/transformer/" + shard)
      let outcome = try await Command.run(["generate", "--model", model, "--prompt", "x", "-o", "a.y4m"], in: folder)
      #expect(outcome.code == 1)
      #expect(outcome.error.contains(shard))
      #expect(!outcome.error.contains("loading"))
      #expect(try files(in: folder) == ["model"])
    }
  }

  @Test(arguments: ["text_encoder", "transformer", "vae"])
  func `a tensor that is not as the configuration says is named before anything is loaded`(
    component: String
  ) async throws {
    try await withTemporaryFolder { folder in
      let model = folder + "/model"
      try FileManager.default.copyItem(atPath: Command.model, toPath: model)
      let name = try #require(try files(in: model + "/" + component).last { $0.hasSuffix(".safetensors") })
      var changed = ""
      try editHeader(of: URL(filePath: "\(model)/\(component)/\(name)")) { header in
        // What makes videos from text has no use for the encoder of frames.
        let used = header.keys.filter { component != "vae" || $0.hasPrefix("decoder.") }
        changed = used.filter { $0.hasSuffix("weight") }.sorted().last ?? ""
        let shape = header[changed]?["shape"] as? [Int] ?? []
        header[changed]?["shape"] = [1] + shape
      }
      let outcome = try await Command.run(["generate", "--model", model, "--prompt", "x", "-o", "a.y4m"], in: folder)
      #expect(outcome.code == 1)
      let inspection = try await Command.run(["inspect", model])
      for text in [outcome.error, inspection.output] {
        for part in ["\(component)/\(name)", "\"\(changed)\" has the shape [1, ", "asks for ["] {
          #expect(text.contains(part), "\(text)")
        }
      }
      #expect(inspection.output.contains("cannot be run"))
      #expect(!outcome.error.contains("loading"))
      #expect(try files(in: folder) == ["model"])
    }
  }

  @Test func `a run that is killed while ffmpeg writes leaves the latents and nothing else`() async throws {
    try await withTemporaryFolder { folder in
      let tools = folder + "/tools"
      try FileManager.default.createDirectory(atPath: tools, withIntermediateDirectories: false)
      // Writes a part of a video, says so, and takes no frame as long as the program lives: the video is never complete.
      let ffmpeg = """
        #!/bin/sh
        case "$*" in *encoder=libx264*) echo "Encoder libx264"; exit;; esac
        for last; do :; done
        echo part >"${last#file:}" && echo written >"$(dirname "$0")/state"
        while kill -0 $PPID 2>/dev/null; do sleep 0.05; done
        """
      try Data(ffmpeg.utf8).write(to: URL(filePath: tools + "/ffmpeg"))
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: tools + "/ffmpeg")
      let line = """
        export PATH="$PWD/tools:$PATH"
        "$svgen" generate --model "$model" --frames 1 --steps 2 --prompt x -o a.mp4 2>tools/log &
        until test -e tools/state; do kill -0 $! || exit; sleep 0.01; done
        kill -9 $!
        wait $!
        """
      let outcome = try await Command.shell(line, in: folder)
      #expect(outcome.code == 137)
      #expect(try files(in: folder) == ["a.latents.json", "a.latents.safetensors", "tools"])
    }
  }

  @Test func `without ffmpeg Y4M is offered before anything is loaded`() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await Command.run(
        ["generate", "--prompt", "x", "-o", "a.mp4"] + Command.tiny, in: folder, environment: ["PATH": folder])
      #expect(outcome.code == 1)
      #expect(outcome.error.contains("ffmpeg"))
      #expect(outcome.error.contains("apt-get install ffmpeg"))
      #expect(outcome.error.contains(".y4m"))
      #expect(!outcome.error.contains("loading"))
      #expect(try files(in: folder) == [])
    }
  }

  @Test func `Y4M needs no ffmpeg`() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await Command.run(
        ["generate", "--prompt", "x", "-o", "a.y4m"] + Command.tiny, in: folder, environment: ["PATH": folder])
      #expect(outcome.code == 0)
    }
  }

  @Test(arguments: ["none/a.y4m", "/proc/a.y4m"])
  func `a folder that cannot be written is named before anything is loaded`(path: String) async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await Command.run(["generate", "--prompt", "x", "-o", path] + Command.tiny, in: folder)
      #expect(outcome.code == 1)
      #expect(outcome.error.contains(path))
      #expect(!outcome.error.contains("loading"))
    }
  }

  @Test(arguments: [["-o", "a.y4m/"], ["-o", "a.y4m", "--save-latents", "z.safetensors"]])
  func `a folder in place of a file is named before anything is loaded`(arguments: [String]) async throws {
    try await withTemporaryFolder { folder in
      try FileManager.default.createDirectory(atPath: folder + "/z.safetensors", withIntermediateDirectories: false)
      let outcome = try await Command.run(["generate", "--prompt", "x"] + arguments + Command.tiny, in: folder)
      #expect(outcome.code == 1)
      #expect(outcome.error.contains("is a folder: add a file name"))
      #expect(!outcome.error.contains("loading"))
      #expect(try files(in: folder) == ["z.safetensors"])
    }
  }

  @Test(arguments: [["-o", name(256)], ["-o", "a.y4m", "--save-latents", name(256, ".safetensors")]])
  func `a name that is too long is refused before anything is loaded`(arguments: [String]) async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await Command.run(["generate", "--prompt", "x"] + arguments + Command.tiny, in: folder)
      #expect(outcome.code == 1)
      #expect(outcome.error.contains("is too long: choose a shorter one"))
      #expect(!outcome.error.contains("loading"))
      #expect(try files(in: folder) == [])
    }
  }

  @Test func `a name that is as long as can be is taken`() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await Command.run(
        ["generate", "--prompt", "x", "-o", Self.name(255)] + Command.tiny, in: folder)
      #expect(outcome.code == 0)
      #expect(try files(in: folder) == [Self.name(255)])
    }
  }

  /// A name of so many characters.
  static func name(_ count: Int, _ ending: String = ".y4m") -> String {
    String(repeating: "n", count: count - ending.count) + ending
  }

  @Test func `latents that were kept earlier survive another run`() async throws {
    try await withTemporaryFolder { folder in
      try Data("kept".utf8).write(to: URL(filePath: folder + "/a.latents.safetensors"))
      let outcome = try await Command.run(["generate", "--prompt", "x", "-o", "a.y4m"] + Command.tiny, in: folder)
      #expect(outcome.code == 0)
      #expect(try files(in: folder) == ["a.latents.safetensors", "a.y4m"])
      #expect(try bytes(folder + "/a.latents.safetensors") == Data("kept".utf8))
    }
  }

  @Test func `no room for the latents is said before anything is loaded`() async throws {
    try await withTemporaryFolder { folder in
      // Files may have one block of 512 bytes.
      let line = #"ulimit -f 1; exec "$svgen" generate --model "$model" --prompt x --steps 2 -o a.y4m"#
      let outcome = try await Command.shell(line, in: folder)
      #expect(outcome.code == 1)
      #expect(outcome.error.contains("a.latents.safetensors"))
      #expect(outcome.error.contains("free some space"))
      #expect(!outcome.error.contains("loading"))
      #expect(try files(in: folder) == [])
    }
  }

  @Test func `when there is no room for the video the latents stay, and the way on is said`() async throws {
    try await withTemporaryFolder { folder in
      // Files may have at most 16 blocks of 512 bytes: enough for the latents, not for the video.
      let line = #"ulimit -f 16; exec "$svgen" generate --model "$model" --prompt x --steps 2 -o a.y4m"#
      let outcome = try await Command.shell(line, in: folder)
      #expect(outcome.code == 1)
      #expect(outcome.output == "")
      #expect(outcome.error.contains("no room for a.y4m"))
      #expect(outcome.error.contains("svgen decode a.latents.safetensors -o a.y4m"))
      #expect(try files(in: folder) == ["a.latents.json", "a.latents.safetensors"])
      let second = try await Command.run(["decode", "a.latents.safetensors", "-o", "a.y4m"], in: folder)
      #expect(second.code == 0)
      #expect(try files(in: folder) == ["a.latents.json", "a.latents.safetensors", "a.y4m"])
    }
  }

  @Test func `what is not a latents file is refused`() async throws {
    try await withTemporaryFolder { folder in
      try Data("no tensors".utf8).write(to: URL(filePath: folder + "/z.safetensors"))
      for name in ["z.safetensors", "missing.safetensors"] {
        let outcome = try await Command.run(["decode", name, "-o", "a.y4m", "--model", Command.model], in: folder)
        #expect(outcome.code == 1)
        #expect(outcome.error.contains(name))
      }
      #expect(try files(in: folder) == ["z.safetensors"])
    }
  }

  @Test func `a manifest that is none is refused, and the way on is said`() async throws {
    try await withTemporaryFolder { folder in
      try Data("{}".utf8).write(to: URL(filePath: folder + "/z.json"))
      let outcome = try await Command.run(["decode", "z.safetensors", "-o", "a.y4m"], in: folder)
      #expect(outcome.code == 1)
      #expect(outcome.error.contains("z.json"))
      #expect(outcome.error.contains("remove it"))
    }
  }

  @Test func `streams that are closed from the start take no part of the work`() async throws {
    try await withTemporaryFolder { folder in
      let line =
        #"exec "$svgen" generate --model "$model" --frames 1 --steps 2 --json --prompt x -o a.y4m >&- 2>&- <&-"#
      let outcome = try await Command.shell(line, in: folder)
      #expect(outcome.code == 0)
      #expect(try files(in: folder) == ["a.y4m"])
      #expect(try bytes(folder + "/a.y4m").starts(with: Data("YUV4MPEG2 ".utf8)))
    }
  }

  @Test func `a reader of standard output that goes away does not stop the work`() async throws {
    try await withTemporaryFolder { folder in
      let line =
        #"("$svgen" generate --model "$model" --frames 1 --steps 2 --json --prompt x -o a.y4m; echo $? >code) | true"#
      _ = try await Command.shell(line, in: folder)
      #expect(try String(decoding: bytes(folder + "/code"), as: UTF8.self) == "0\n")
      #expect(try files(in: folder) == ["a.y4m", "code"])
    }
  }

  @Test(
    .enabled("the system has a device that is always full") { FileManager.default.fileExists(atPath: "/dev/full") },
    arguments: [
      "plan", "inspect", "doctor", "generate --prompt x --frames 1 --steps 2 -o a.y4m",
      "generate --prompt x --frames 1 --steps 2 -o a.y4m --json",
      "compare --prompt x --frames 1 --steps 2 --no-report",
    ])
  func `results that find no room on standard output are an error, and a video is made all the same`(
    command: String
  ) async throws {
    try await withTemporaryFolder { folder in
      let model = command.hasPrefix("doctor") ? "" : command == "inspect" ? #" "$model""# : #" --model "$model""#
      let outcome = try await Command.shell(#"exec "$svgen" \#(command)\#(model) >/dev/full"#, in: folder)
      #expect(outcome.code == 1)
      #expect(outcome.error.contains("standard output cannot be written: No space left on device"), "\(outcome.error)")
      #expect(try files(in: folder) == (command.hasPrefix("generate") ? ["a.y4m"] : []))
    }
  }

  @Test func `the way on is said even where nothing but errors is to be`() async throws {
    try await withTemporaryFolder { folder in
      let line = #"ulimit -f 16; exec "$svgen" generate --model "$model" --prompt x --steps 2 -o a.y4m --quiet"#
      let outcome = try await Command.shell(line, in: folder)
      #expect(outcome.code == 1)
      #expect(outcome.error.contains("svgen decode a.latents.safetensors -o a.y4m"))
      #expect(!outcome.error.contains("loading"))
    }
  }

  @Test func `a page that finds no room is named, without the words of a program`() async throws {
    try await withTemporaryFolder { folder in
      let line = #"ulimit -f 4; exec "$svgen" compare --model "$model" --prompt x --frames 1 --steps 2"#
      let outcome = try await Command.shell(line, in: folder)
      #expect(outcome.code == 1)
      #expect(outcome.error.contains("report.html: free some space"), "\(outcome.error)")
      #expect(!outcome.error.contains("Error Domain"))
      #expect(try files(in: folder) == [])
    }
  }
}
