import Checkpoint
import Foundation
import SparseVideoGen
import Subprocess
import TestSupport
import Testing

/// `svgen compare`, one command after the other: each makes several videos.
@Suite(.serialized) struct CompareTests {
  /// The options of the cheapest comparison, whose sparse run has so few tokens that it keeps every pair.
  static let tiny = ["--dense-steps", "0", "--dense-layers", "0"] + Command.tiny

  /// The options of a comparison with enough tokens for blocks to be dropped.
  static let sparse = [
    "--model", Command.model, "--frames", "17", "--width", "128", "--height", "128", "--steps", "1", "--dense-steps",
    "0",
    "--dense-layers", "0",
  ]

  @Test func `a pair is told in text, and its page is there`() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await Command.run(["compare", "--prompt", "a red circle"] + Self.sparse, in: folder)
      #expect(outcome.code == 0)
      for text in ["\"a red circle\", seed 0", "PSNR ", " dB", "SSIM ", "density computed", "speed-up", "head calls:"] {
        #expect(outcome.output.contains(text), "\(text)")
      }
      #expect(outcome.error.contains("run 1 of 2: dense\n"))
      #expect(outcome.error.contains("run 2 of 2: svg\n"))
      #expect(outcome.error.hasSuffix("report: report.html\n"))
      #expect(try files(in: folder) == ["report.html"])
      let page = try String(decoding: bytes(folder + "/report.html"), as: UTF8.self)
      // The title, and the command that makes the page again.
      #expect(page.contains("a red circle"))
      #expect(page.contains("svgen compare --prompt 'a red circle'"))
    }
  }

  @Test func `a page that is there is replaced only when it is named`() async throws {
    try await withTemporaryFolder { folder in
      let kept = Data("kept".utf8)
      for name in ["report.html", "mine.html"] { try kept.write(to: URL(filePath: folder + "/" + name)) }
      let arguments = ["compare", "--quiet", "--prompt", "x"] + Self.tiny
      #expect(try await Command.run(arguments, in: folder).code == 0)
      #expect(try await Command.run(arguments + ["--report", "mine.html"], in: folder).code == 0)
      #expect(try files(in: folder) == ["mine.html", "report-2.html", "report.html"])
      #expect(try bytes(folder + "/report.html") == kept)
      #expect(try bytes(folder + "/mine.html") != kept)
    }
  }

  @Test func `several methods and densities are a table`() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await Command.run(
        [
          "compare", "--prompt", "x", "--method", "svg,spatial", "--density", "0.3,80%", "--seeds", "1,2",
          "--no-report",
        ]
          + Self.sparse, in: folder)
      #expect(outcome.code == 0)
      let lines = outcome.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
      #expect(lines.first == ["method", "asked", "computed", "PSNR", "SSIM", "speed-up", "runs"])
      #expect(
        lines.dropFirst().map { [$0[0], $0[1], $0.last ?? ""] } == [
          ["svg", "30.0", "2"], ["svg", "80.0", "2"], ["spatial", "30.0", "2"], ["spatial", "80.0", "2"],
        ])
      // Ten videos: for each seed a dense one and four that are compared with it.
      #expect(outcome.error.contains("run 10 of 10"))
      #expect(outcome.error.components(separatedBy: ": dense\n").count - 1 == 2)
      #expect(try files(in: folder) == [])
    }
  }

  @Test func `JSON is one comparison on each line, without its heads`() async throws {
    try await withTemporaryFolder { folder in
      try Data(#"{"prompt": "a"}\#n{"prompt": "b", "seed": 7}"#.utf8).write(to: URL(filePath: folder + "/list.jsonl"))
      let outcome = try await Command.run(
        ["compare", "--prompts", "list.jsonl", "--density", "0.3,0.8", "--json", "--no-report"] + Self.sparse,
        in: folder)
      #expect(outcome.code == 0)
      #expect(outcome.error == "")
      let reports = try outcome.output.split(separator: "\n").map { try ComparisonReport(json: Data($0.utf8)) }
      #expect(reports.map(\.prompt) == ["a", "a", "b", "b"])
      #expect(reports.map(\.seed) == [0, 0, 7, 7])
      #expect(reports.map(\.sparse.askedDensity) == [0.3, 0.8, 0.3, 0.8])
      for report in reports {
        #expect(report.heads == nil && report.curve.isEmpty)
        #expect(report.dense.computedDensity == 1)
        #expect(report.sparse.computedDensity < 1)
        #expect(report.quality.psnr.isFinite && report.quality.framePSNR.count == 17)
        #expect(report.command.hasPrefix("svgen compare --prompts list.jsonl --density 0.3,0.8 --json"))
      }
      #expect(try files(in: folder) == ["list.jsonl"])
    }
  }

  @Test func `encoding is timed for the pair of the page, beside the total`() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await Command.run(
        ["compare", "--prompt", "x", "--density", "0.3,0.8", "--json"] + Self.sparse, in: folder)
      #expect(outcome.code == 0)
      let reports = try outcome.output.split(separator: "\n").map { try ComparisonReport(json: Data($0.utf8)) }
      // The first pair is told when its frames are encoded, which is after all runs.
      #expect(reports.map(\.sparse.askedDensity) == [0.8, 0.3])
      #expect(reports.allSatisfy { $0.heads == nil && $0.curve.isEmpty })
      for (report, isEncoded) in zip(reports, [false, true]) {
        for run in [report.dense, report.sparse] {
          #expect(((run.seconds[.encode] ?? 0) > 0) == isEncoded)
          #expect(run.totalSeconds < run.seconds.values.reduce(0, +) || !isEncoded)
        }
      }
      #expect(reports[0].dense.totalSeconds == reports[1].dense.totalSeconds)
    }
  }

  @Test(
    .enabled("the system has script, which gives a command a terminal") {
      FileManager.default.fileExists(atPath: "/usr/bin/script")
    })
  func `a narrow terminal gets a list in place of a table`() async throws {
    try await withTemporaryFolder { folder in
      let options = (Self.tiny + ["--prompt", "x", "--no-report", "--quiet"]).joined(separator: " ")
      let outcome = try await Command.shell(
        "TERM=xterm script -qec 'stty cols 30; exec $svgen compare \(options)' /dev/null", in: folder)
      #expect(outcome.code == 0)
      let lines = outcome.output.split(whereSeparator: \.isNewline)
      #expect(lines.contains("density computed") && lines.contains("  dense  100.0 %"))
      #expect(lines.contains { $0.hasPrefix("encode ") && $0.hasSuffix("–") })
      for line in lines { #expect(line.count <= 30) }
    }
  }

  @Test func `without ffmpeg the page shows no videos and says so`() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await Command.run(
        ["compare", "--prompt", "x"] + Self.tiny, in: folder, environment: ["PATH": folder])
      #expect(outcome.code == 0)
      #expect(outcome.error.contains("note: the page shows no videos"))
      #expect(outcome.error.contains("ffmpeg"))
      #expect(try files(in: folder) == ["report.html"])
    }
  }

  @Test func `a page that cannot be written does not hide what ended the run`() async throws {
    try await withTemporaryFolder { folder in
      try Data(#"{"prompt": "a", "steps": 1}\#n{"prompt": "b", "steps": 900}"#.utf8)
        .write(to: URL(filePath: folder + "/list.jsonl"))
      // The folder of the page goes when the first comparison is there, and the run is stopped in the second.
      let outcome = try await Command.shell(
        """
        mkdir pages
        "$svgen" compare --model "$model" --prompts list.jsonl --frames 1 --report pages/report.html 2>log &
        until grep -q 'run 3 of 4' log; do kill -0 $! || exit 99; sleep 0.01; done
        rmdir pages
        kill -s TERM $!
        wait $!
        code=$?
        cat log >&2
        exit $code
        """, in: folder)
      #expect(outcome.code == 130)
      #expect(outcome.error.contains("pages/report.html"), "\(outcome.error)")
      #expect(outcome.output.contains("PSNR"))
    }
  }

  @Test(arguments: [
    ([], ["--prompt"]), (["--prompt", ""], ["--prompt", "empty"]),
    (["--prompt", "x", "--prompts", "list.jsonl"], ["--prompt", "--prompts", "exclude"]),
    (["--prompt", "x", "--method", "sgv"], ["--method", "sgv", "svg, spatial and temporal"]),
    (["--prompt", "x", "--method", "svg,dense"], ["--method", "dense", "svg, spatial and temporal"]),
    (["--prompt", "x", "--method", ""], ["--method", "svg, spatial and temporal"]),
    (["--prompt", "x", "--density", "2"], ["--density", "above 0 and at most 1", "2"]),
    (["--prompt", "x", "--density", "0.3,2"], ["--density", "above 0 and at most 1", "2"]),
    (["--prompt", "x", "--density", "0.3,,0.5"], ["--density", "such as 0.3"]),
    (["--prompt", "x", "--seed", "1", "--seeds", "2,3"], ["--seed", "--seeds", "exclude"]),
    (["--prompt", "x", "--seeds", "a"], ["--seeds", "a whole number"]),
    (["--prompt", "x", "--seeds", "1,-2"], ["--seeds", "a whole number"]),
    (["--prompt", "x", "--profile-rows", "0"], ["--profile-rows", "at least one row"]),
    (["--prompt", "x", "--dense-steps", "0,some"], ["--dense-steps", "such as 25%"]),
    (["--prompt", "x", "--report", "."], ["--report", "is a folder", "add a file name"]),
    (["--prompt", "x", "--report", ""], ["--report", "empty"]),
    (["--prompt", "x", "--lpips", ""], ["--lpips", "empty"]),
    (["--prompt", "x", "--report", "none/report.html"], ["--report", "none", "does not exist"]),
    (["--prompt", "x", "--method", "spatial", "--profile-rows", "8"], ["--profile-rows has no effect", "svg"]),
    (["--prompt", "x", "--report", "a.html", "--no-report"], ["--report", "--no-report", "exclude"]),
    (["--prompt", "x", "--width", "50"], ["width", "48", "64"]),
  ])
  func `what cannot be compared is refused before anything is loaded`(arguments: [String], words: [String]) async throws
  {
    try await withTemporaryFolder { folder in
      let outcome = try await Command.run(
        ["compare", "--model", Command.model, "--steps", "2"] + arguments, in: folder)
      #expect(outcome.code == 64)
      #expect(outcome.output == "")
      for word in words { #expect(outcome.error.contains(word), "\(word) in \(outcome.error)") }
      #expect(!outcome.error.contains("run 1"))
      #expect(try files(in: folder) == [])
    }
  }

  @Test(arguments: [
    (#"{"prompt": "a", "width": 48}\#n{"prompt": "b", "width": 50}"#, [], ["list.jsonl:2: the width", "48 and 64"]),
    (#"{"prompt": "a"}\#n{"prompt": "b", "seed": 1}"#, ["--seeds", "2,3"], ["--seeds", "list.jsonl:2", "exclude"]),
  ])
  func `what is wrong in a list is said with its line`(list: String, options: [String], words: [String]) async throws {
    try await withTemporaryFolder { folder in
      try Data(list.utf8).write(to: URL(filePath: folder + "/list.jsonl"))
      let outcome = try await Command.run(
        ["compare", "--prompts", "list.jsonl", "--model", Command.model, "--steps", "2"] + options, in: folder)
      #expect(outcome.code == 64)
      for word in words { #expect(outcome.error.contains(word), "\(outcome.error)") }
      #expect(!outcome.error.contains("warming up"))
    }
  }

  @Test func `a prompt that the model cannot understand is said once for all its runs`() async throws {
    let options = ["--frames", "1", "--steps", "1", "--seeds", "0,1", "--no-report", "--json"]
    let outcome = try await Command.run(["compare", "--prompt", "a black circle"] + options)
    #expect(outcome.code == 0)
    #expect(outcome.error.components(separatedBy: "has never seen “black”").count == 2, "\(outcome.error)")
    let long = String(repeating: "circle ", count: 40)
    let cut = try await Command.run(["compare", "--prompt", long, "--method", "svg,spatial"] + options.dropLast())
    #expect(cut.error.components(separatedBy: "the prompt is too long").count == 3, "\(cut.error)")
  }

  @Test func `LPIPS is measured where its weights are given`() async throws {
    try await withTemporaryFolder { folder in
      let goldens = try Goldens("perceptual")
      let names = goldens.names.filter { $0.hasPrefix("alexNet/") }
      let weights = try names.map { (String($0.dropFirst("alexNet/".count)), try goldens.tensor($0)) }
      try SafetensorsWriter.write(
        Dictionary(uniqueKeysWithValues: weights), to: URL(filePath: folder + "/lpips.safetensors"))
      let outcome = try await Command.run(
        ["compare", "--prompt", "x", "--lpips", "lpips.safetensors", "--json", "--no-report"] + Self.sparse, in: folder)
      #expect(outcome.code == 0)
      let report = try ComparisonReport(json: Data(outcome.output.utf8))
      #expect(try #require(report.quality.lpips) > 0)
    }
  }

  @Test func `weights of LPIPS that cannot be used are named with their file before anything is loaded`() async throws {
    try await withTemporaryFolder { folder in
      try Data("no weights".utf8).write(to: URL(filePath: folder + "/text.safetensors"))
      let other = Command.model + "/vae/diffusion_pytorch_model-00001-of-00002.safetensors"
      for (path, reason) in [
        ("none.safetensors", "none.safetensors"), ("text.safetensors", "text.safetensors"), (other, "lpips.LPIPS"),
      ] {
        let outcome = try await Command.run(["compare", "--prompt", "x", "--lpips", path] + Self.tiny, in: folder)
        #expect(outcome.code == 1)
        #expect(outcome.error.contains(path) && outcome.error.contains(reason), "\(outcome.error)")
        #expect(!outcome.error.contains("run 1"))
        #expect(try files(in: folder) == ["text.safetensors"])
      }
    }
  }
}
