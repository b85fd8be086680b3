import Checkpoint
import Foundation
import Tensor
import TestSupport
import Testing

@testable import Diffusion

struct FlowMatchSchedulerTests {
  static let cases = ["flow-hunyuan-video", "flow-default"]

  func configuration(_ name: String) throws -> FlowMatchConfiguration {
    try FlowMatchConfiguration(
      ConfigurationFile(Fixtures.root.appending(path: "Goldens/schedulers/\(name).json")))
  }

  /// Noise levels are computed in single precision there and here, in the same order: they differ in the last bit at most.
  /// A step rounds a product and a sum.
  @Test(arguments: cases, [1, 7, 50])
  func `A trajectory is that of diffusers`(name: String, steps: Int) throws {
    let golden = try Goldens("schedulers/\(name)")
    var scheduler = try FlowMatchScheduler(configuration(name), steps: steps)
    for (ours, theirs) in [
      (scheduler.timesteps, try golden.tensor("\(steps)/timesteps").floats()),
      (scheduler.levels, try golden.tensor("\(steps)/levels").floats()),
    ] {
      try #require(ours.count == theirs.count)
      #expect(zip(ours, theirs).allSatisfy { abs($0 - $1) <= 2 * $1.ulp }, "\(ours) are not \(theirs)")
    }
    let predictions = try golden.tensor("\(steps)/predictions")
    let expected = try golden.tensor("\(steps)/latents")
    var latents = try golden.tensor("\(steps)/start")
    var noise = NormalGenerator(seed: 3)
    for index in 0..<steps {
      let prediction = predictions.slice(index..<index + 1).reshaped(latents.shape)
      #expect(scheduler.noise(ofStep: index, shape: latents.shape, from: &noise) == nil)
      latents = scheduler.step(index, latents: latents, prediction: prediction, noise: nil)
      #expect(relativeError(latents, expected.slice(index..<index + 1)) <= 3 * 0x1p-24)
    }
  }

  @Test func `HunyuanVideo's shift is read`() throws {
    #expect(try configuration("flow-hunyuan-video").shift == 7)
    #expect(try configuration("flow-default") == FlowMatchConfiguration())
    let settings = try ModelDirectory(Fixtures.model("hunyuan-video")).schedulerSettings()
    #expect((settings as? FlowMatchConfiguration)?.shift == 7)
  }

  @Test(arguments: [
    ("use_dynamic_shifting", "true"), ("invert_sigmas", "true"), ("use_karras_sigmas", "true"),
    ("use_exponential_sigmas", "true"), ("use_beta_sigmas", "true"), ("stochastic_sampling", "true"),
    ("shift_terminal", "0.1"), ("shift", "0"), ("num_train_timesteps", "1"),
  ])
  func `What is not supported or impossible is refused by name`(key: String, value: String) throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "svgen-\(UUID().uuidString).json")
    try Data("{\"\(key)\": \(value)}".utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let error = try #require(throws: CheckpointError.self) { try FlowMatchConfiguration(ConfigurationFile(file)) }
    #expect(error.code == .impossibleValue)
    #expect(error.message.contains(key) && error.message.contains(file.path), "\(error)")
  }

  @Test(arguments: [0, 1001])
  func `A number of steps that the schedule does not have is refused`(steps: Int) {
    let error = #expect(throws: DiffusionError.self) { try FlowMatchConfiguration().makeScheduler(steps: steps) }
    #expect(error?.code == .invalidStepCount)
  }
}
