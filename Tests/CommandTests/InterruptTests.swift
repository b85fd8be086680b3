import Foundation
import Subprocess
import Testing

struct InterruptTests {
  /// A run that takes long enough to be interrupted.
  let long = [
    "generate", "--model", Command.model, "--prompt", "x", "--frames", "201", "--steps", "900", "-o", "a.y4m",
  ]

  @Test(arguments: [Signal.interrupt, .terminate])
  func `a signal stops the run, keeps the latents of the steps that are done and says so`(signal: Signal) async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await Command.interrupt(long, with: signal, after: "step 2/900", in: folder)
      #expect(outcome.code == 130)
      #expect(outcome.output == "")
      #expect(outcome.error.contains("stopped after step"))
      #expect(outcome.error.contains("svgen decode a.latents.safetensors -o a.y4m"))
      #expect(try files(in: folder) == ["a.latents.json", "a.latents.safetensors"])

      let decoded = try await Command.run(["decode", "a.latents.safetensors", "-o", "a.y4m"], in: folder)
      #expect(decoded.code == 0)
      #expect(decoded.error.contains("these latents are unfinished"))
      #expect(try files(in: folder) == ["a.latents.json", "a.latents.safetensors", "a.y4m"])
    }
  }

  @Test func `a run that is stopped while it decodes can be resumed`() async throws {
    try await withTemporaryFolder { folder in
      let arguments = [
        "generate", "--model", Command.model, "--prompt", "x", "--frames", "801", "--steps", "2", "-o", "a.y4m",
      ]
      let outcome = try await Command.interrupt(arguments, with: .interrupt, after: "decoding  0%", in: folder)
      #expect(outcome.code == 130)
      #expect(outcome.error.contains("the latents are kept"))
      #expect(try files(in: folder) == ["a.latents.json", "a.latents.safetensors"])
      let decoded = try await Command.run(["decode", "a.latents.safetensors"], in: folder)
      #expect(decoded.output == "a.mp4\n")
      #expect(!decoded.error.contains("unfinished"))
    }
  }

  @Test func `the second signal ends at once`() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await Command.interrupt(long, with: .interrupt, after: "step 1/900", times: 2, in: folder)
      #expect(outcome.code == 130)
    }
  }
}
