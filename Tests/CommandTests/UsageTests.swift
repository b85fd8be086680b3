import Testing

/// What is wrong with a command line is said in one sentence that names the option, with the exit code 64.
struct UsageTests {
  @Test(arguments: [
    (["--prompt", ""], ["--prompt", "empty", "for example"]),
    (["--prompt", " \t"], ["--prompt", "empty"]),
    ([], ["--prompt"]),
    (["--prompt", "a", "--density", "0"], ["--density", "above 0 and at most 1"]),
    (["--prompt", "a", "--density", "1.5"], ["--density", "1.5"]),
    (["--prompt", "a", "--density", "-0.1"], ["--density", "-0.1"]),
    (["--prompt", "a", "--density", "nan"], ["--density"]),
    (["--prompt", "a", "--density", "130%"], ["--density", "1.3"]),
    (["--prompt", "a", "--density", "half"], ["--density", "half", "such as 0.3", "such as 30%"]),
    (["--prompt", "a", "--steps", "0"], ["--steps", "between 1 and 1000"]),
    (["--prompt", "a", "--steps", "-4"], ["--steps", "-4"]),
    (["--prompt", "a", "--steps", "many"], ["--steps", "many", "a whole number"]),
    (["--prompt", "a", "--guidance", "strong"], ["--guidance", "strong", "a number, such as"]),
    (["--prompt", "a", "--fps", "0"], ["--fps", "between 1 and 240"]),
    (["--prompt", "a", "--seed", "-1"], ["--seed", "0 or more"]),
    (["--prompt", "a", "--seed", "18446744073709551616"], ["--seed", "at most 18446744073709551615"]),
    (["--prompt", "a", "--width", "0"], ["--width"]),
    (["--prompt", "a", "--guidance", "0.5"], ["--guidance"]),
    (["--prompt", "a", "--threads", "0"], ["--threads"]),
    (["--prompt", "a", "--dense-steps", "120%"], ["--dense-steps", "120"]),
    (["--prompt", "a", "--dense-steps", "-2"], ["--dense-steps", "-2"]),
    (["--prompt", "a", "--dense-layers", "some"], ["--dense-layers", "some", "such as 25%"]),
    (["--prompt", "a", "--profile-rows", "0"], ["--profile-rows", "at least one row"]),
    (["--prompt", "a", "--band-frames", "4"], ["--band-frames", "--band-tokens", "give both"]),
    (
      ["--prompt", "a", "--band-frames", "4", "--band-tokens", "9", "--density", "0.3"],
      ["--density", "--band-frames", "exclude"]
    ),
    (["--prompt", "a", "--band-frames", "-4", "--band-tokens", "9"], ["--band-frames", "-4"]),
    (["--prompt", "a", "--attention", "flash"], ["--attention", "flash", "svg"]),
    (["--prompt", "a", "--dtype", "f8"], ["--dtype", "bf16"]),
    (["--prompt", "a", "--attention-dtype", "f8"], ["--attention-dtype", "f8", "fp8"]),
    (
      ["--prompt", "a", "--device", "cpu", "--attention-dtype", "fp8"],
      ["--attention-dtype", "cpu", "compute capability 9.0"]
    ),
    (["--prompt", "a", "--device", "tpu"], ["--device", "tpu", "expected auto, cpu"]),
    (["--prompt", "a", "--prompts", "b.jsonl"], ["--prompt", "--prompts", "exclude"]),
    (["--prompt", "a", "-o", "video.avi"], ["video.avi", ".mp4 or .y4m"]),
    (["--prompt", "a", "--color", "red"], ["--color"]),
    (["--prompt", "a", "--save-latents", "z.txt"], ["z.txt", ".safetensors"]),
    (["--prompt", "a", "--save-latents", ""], ["--save-latents", "the name is empty"]),
    (["--prompt", "a", "-o", ""], ["-o", "the name is empty"]),
    (["--prompt", "a", "-o", ".mp4"], ["“.mp4” must be a name that ends in .mp4"]),
    (["--prompt", "a", "--image", ""], ["--image", "the name is empty"]),
    (["--prompts", ""], ["--prompts", "the name is empty"]),
    (["--prompt", "a", "--device", "cuda", "--threads", "2"], ["--threads", "the processor's"]),
    (["--prompt", "a", "--width", "32768", "--height", "32768"], ["32768×32768, 9 frames", "tokens", "fewer frames"]),
    (["--prompt", "a", "-o", "a.y4m", "--save-latents", "a.y4m"], ["a.y4m", ".safetensors"]),
  ])
  func `a wrong value is refused and its option named`(arguments: [String], words: [String]) async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await Command.run(["generate", "--model", Command.model] + arguments, in: folder)
      #expect(outcome.code == 64)
      #expect(outcome.output == "")
      for word in words { #expect(outcome.error.contains(word)) }
      #expect(try files(in: folder) == [])
    }
  }

  @Test(arguments: [
    (["--width", "50"], ["width", "48", "64"]), (["--height", "33"], ["height", "32", "48"]),
    (["--frames", "7"], ["frames", "5", "9"]),
  ])
  func `a size that is not legal is refused with the nearest two`(arguments: [String], words: [String]) async throws {
    for subcommand in [["generate", "--prompt", "a", "-o", "/tmp/never.y4m"], ["plan"]] {
      let outcome = try await Command.run(subcommand + ["--model", Command.model] + arguments)
      #expect(outcome.code == 64)
      for word in words { #expect(outcome.error.contains(word)) }
    }
  }

  @Test(arguments: [
    ["plan", "--attention-dtype", "fp8"], ["benchmark", "step", "--attention-dtype", "auto,fp8"],
    ["compare", "--prompt", "a", "--no-report", "--attention-dtype", "auto,fp8"],
  ])
  func `numbers that the device does not attend in are refused wherever they can be asked for`(
    arguments: [String]
  ) async throws {
    let outcome = try await Command.run(arguments + ["--device", "cpu", "--model", Command.model])
    #expect(outcome.code == 64 && outcome.output == "")
    for word in ["--attention-dtype", "cpu", "compute capability 9.0"] { #expect(outcome.error.contains(word)) }
    let wrong = try await Command.run(arguments.map { $0.replacing("fp8", with: "int8") } + ["--model", Command.model])
    #expect(wrong.code == 64 && wrong.error.contains("--attention-dtype") && wrong.error.contains("int8"))
  }

  @Test func `a subcommand that does not exist is named, and those that do are listed`() async throws {
    let outcome = try await Command.run(["genrate", "--prompt", "a"])
    #expect(outcome.code == 64)
    for word in ["genrate", "generate", "plan", "decode"] { #expect(outcome.error.contains(word)) }
  }

  @Test(arguments: [
    (["benchmark", "foo"], ["“foo”", "attention", "upload"]),
    (["benchmark", "linear", "--preset", "bundled", "--rows", "4"], ["--rows has no effect with --preset"]),
    (
      ["benchmark", "conv", "--preset", "bundled", "--kernel", "3", "--width", "8"],
      ["--width, --kernel have no effect with --preset"]
    ),
    (["benchmark", "conv", "--device", "cuda", "--isa", "avx2"], ["--isa has no effect with --device cuda"]),
    (["benchmark", "attention", "--tokens", "1048576"], ["--tokens", "at most 524288 tokens"]),
    (["benchmark", "step", "--width", "8192", "--height", "8192"], ["8192×8192", "tokens"]),
    (["benchmark", "decode", "--width", "0"], ["--width", "between 1 and 32768"]),
    (["doctor", "--device", "cpu"], ["--device", "--self-test"]), (["decode", ""], ["the name is empty"]),
    (["inspect", ""], ["the name is empty"]), (["plan", "--model", ""], ["--model", "the name is empty"]),
  ])
  func `what means nothing, or has no effect, is refused by every subcommand`(
    arguments: [String], words: [String]
  ) async throws {
    let outcome = try await Command.run(arguments)
    #expect(outcome.code == 64 && outcome.output == "")
    for word in words { #expect(outcome.error.contains(word), "\(outcome.error)") }
  }

  @Test func `a wrong value comes with the command that lists the options`() async throws {
    let outcome = try await Command.run(["plan", "--steps", "2000"])
    #expect(outcome.error.contains("'svgen plan --help'"))
  }

  @Test func `a prompt that is not UTF-8 is refused`() async throws {
    try await withTemporaryFolder { folder in
      let line = #"exec "$svgen" generate --model "$model" -o a.y4m --prompt "$(printf '\377\376')""#
      let outcome = try await Command.shell(line, in: folder)
      #expect(outcome.code == 64)
      #expect(outcome.error.contains("the value of --prompt is not valid UTF-8"))
    }
  }

  @Test(arguments: [["--help"], ["generate", "--help"], ["--version"], ["help", "plan"]])
  func `help is on standard output`(arguments: [String]) async throws {
    let outcome = try await Command.run(arguments)
    #expect(outcome.code == 0)
    #expect(!outcome.output.isEmpty)
    #expect(outcome.error == "")
  }

  @Test func `a GPU that is not there is named, with what is missing`() async throws {
    let outcome = try await Command.run(["plan", "--device", "cuda:77"])
    #expect(outcome.code == 1)
    #expect(outcome.error.contains("cuda:77 cannot be used: ") && outcome.error.contains("svgen doctor"))
  }

  @Test func `float32 on a GPU is refused`() async throws {
    let outcome = try await Command.run(["plan", "--device", "cuda", "--dtype", "f32"])
    #expect(outcome.code == 1)
    #expect(outcome.error.contains("--dtype f32"))
  }
}
