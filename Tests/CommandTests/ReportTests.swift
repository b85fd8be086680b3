import Foundation
import Subprocess
import Testing

struct ReportTests {
  @Test func `a plan says tokens, attention, density, work and memory`() async throws {
    let outcome = try await Command.run(["plan", "--model", Command.model, "--steps", "8", "--density", "0.5"])
    #expect(outcome.code == 0)
    #expect(outcome.error == "")
    for text in [
      "tokens        38", "steps 1–2, layers 1–2: dense", "steps 3–8, layers 1–2: svg", "keeps", "peak",
      "while decoding",
    ] {
      #expect(outcome.output.contains(text))
    }
  }

  @Test(arguments: [["plan", "--model", Command.model], ["inspect", Command.model], ["doctor"]])
  func `a report is also there as JSON`(arguments: [String]) async throws {
    let outcome = try await Command.run(arguments + ["--json"])
    #expect(outcome.code == 0)
    let value = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
    #expect(value is [String: Any])
  }

  @Test func `an inspection says classes, parameters, bytes and types`() async throws {
    let outcome = try await Command.run(["inspect", Command.model])
    for text in ["CogVideoXPipeline", "CogVideoXTransformer3DModel", "parameters", "BF16", "can be run: yes"] {
      #expect(outcome.output.contains(text))
    }
  }

  @Test(arguments: ["vae", "scheduler", "tokenizer", "tokenizer/spiece.model", "scheduler/scheduler_config.json"])
  func `an inspection says why a model cannot be run`(missing: String) async throws {
    try await withTemporaryFolder { folder in
      let copy = folder + "/model"
      try FileManager.default.copyItem(atPath: Command.model, toPath: copy)
      try FileManager.default.removeItem(atPath: copy + "/" + missing)
      let outcome = try await Command.run(["inspect", copy])
      #expect(outcome.code == 0)
      let line = try #require(outcome.output.split(separator: "\n").last)
      #expect(line.contains("cannot be run: ") && line.contains(missing.prefix { $0 != "/" }), "\(outcome.output)")
    }
  }

  @Test func `the doctor says what is missing and how to get it`() async throws {
    let outcome = try await Command.run(["doctor"], environment: ["PATH": "/nowhere"])
    #expect(outcome.code == 0)
    for text in ["processor", "threads", "memory", "ffmpeg", "GPU", "missing: ffmpeg", "apt-get install ffmpeg"] {
      #expect(outcome.output.contains(text))
    }
  }

  @Test(
    .enabled("the system has script, which gives a command a terminal") {
      FileManager.default.fileExists(atPath: "/usr/bin/script")
    },
    arguments: [30, 100])
  func `a terminal gets one line that is redrawn and never wraps`(columns: Int) async throws {
    try await withTemporaryFolder { folder in
      let command =
        #"stty cols \#(columns); exec $svgen generate --model $model --frames 1 --steps 3 --prompt x -o a.y4m >path"#
      let outcome = try await Command.shell("NO_COLOR=1 TERM=xterm script -qec '\(command)' /dev/null", in: folder)
      #expect(outcome.code == 0)
      let lines = outcome.output.split(separator: "\r").filter { $0.hasSuffix("\u{1B}[K") }
      #expect(lines.contains { $0.contains("denoising") })
      for line in lines { #expect(line.replacing("\u{1B}[K", with: "").count < columns) }
      #expect(!outcome.output.contains("\u{1B}[36m"))
      #expect(try String(decoding: bytes(folder + "/path"), as: UTF8.self) == "a.y4m\n")
    }
  }
}
