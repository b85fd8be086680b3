import ArgumentParser

/// `svgen benchmark`.
struct Benchmark: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures the parts that a video is made of, and what the processor could do at most.",
    discussion: """
      Times are medians over rounds in which everything that is compared runs by turns. Useful GFLOP/s count two \
      operations for each product that the result needs: nothing that a mask drops.
      The instruction set of oneDNN, which multiplies linear layers and convolutions, is its own choice; the environment \
      variable ONEDNN_MAX_CPU_ISA limits it.
      """,
    subcommands: [
      AttentionCommand.self, PrepareCommand.self, ProfileCommand.self, LinearCommand.self, ConvolutionCommand.self,
      ModelCommand.self, StepCommand.self, DecodeCommand.self, EncodeCommand.self, UploadCommand.self,
    ])
}
