import Checkpoint
import Foundation
import Tensor
import TestSupport
import Testing

@testable import Diffusion

struct SchedulerTests {
  /// One trajectory of the goldens.
  struct Case: CustomTestStringConvertible {
    let name: String
    let steps: Int
    /// The largest relative error over the trajectory, L2.
    let tolerance: Double

    var testDescription: String { "\(name), \(steps) steps" }

    func configuration() throws -> SchedulerConfiguration {
      let file = Fixtures.root.appending(path: "Goldens/schedulers/\(name).json")
      return try SchedulerConfiguration(ConfigurationFile(file), method: name.hasPrefix("ddim") ? .ddim : .dpm)
    }

    func golden() throws -> Goldens { try Goldens("schedulers/\(name)") }
  }

  /// The published schedules are computed in double precision there and here: what may differ is the last bit of a
  /// weight (2⁻²⁴), in each of three products of a step. The others go through single precision there, where
  /// `1 − e⁻²ʰ` and the logarithms lose up to four bits more.
  static let cases =
    ["ddim-2b", "ddim-5b", "dpm-5b", "dpm-2b"].flatMap { name in
      [1, 7, 50].map { Case(name: name, steps: $0, tolerance: 3 * 0x1p-24) }
    }
    + ["ddim-epsilon-leading", "ddim-sample-linspace", "dpm-epsilon-leading"].flatMap { name in
      [1, 7, 50].map { Case(name: name, steps: $0, tolerance: 16 * 3 * 0x1p-24) }
    }
    + [1, 7].map { Case(name: "dpm-trained-betas", steps: $0, tolerance: 16 * 3 * 0x1p-24) }

  @Test(arguments: cases)
  func `A trajectory is that of diffusers`(_ example: Case) throws {
    let golden = try example.golden()
    let steps = example.steps
    var scheduler = try example.configuration().makeScheduler(steps: steps)
    #expect(scheduler.timesteps == (try golden.integers("\(steps)/timesteps")).map { Float($0) })

    let predictions = try golden.tensor("\(steps)/predictions")
    let expected = try golden.tensor("\(steps)/latents")
    var latents = try golden.tensor("\(steps)/start")
    var noise = NormalGenerator(seed: 3)
    var worst = 0.0
    for index in 0..<steps {
      let prediction = predictions.slice(index..<(index + 1)).reshaped(latents.shape)
      let added = scheduler.noise(ofStep: index, shape: latents.shape, from: &noise)
      latents = scheduler.step(index, latents: latents, prediction: prediction, noise: added)
      worst = max(worst, relativeError(latents, expected.slice(index..<(index + 1))))
    }
    #expect(worst <= example.tolerance, "the worst step is \(worst) away")
  }

  @Test(arguments: cases.filter { $0.steps == 1 })
  func `The signal that is left is that of diffusers`(_ example: Case) throws {
    let golden = try example.golden()
    let schedule = try NoiseSchedule(try example.configuration(), steps: 1)
    let expected = try golden.tensor("alphas_cumprod").floats()
    try #require(schedule.alphaBars.count == expected.count)
    // Single precision schedules multiply a thousand factors that are rounded to 2⁻²⁵.
    for (ours, theirs) in zip(schedule.alphaBars, expected) {
      #expect(abs(ours - Double(theirs)) <= 1e-6 * Double(theirs) + 1e-9)
    }
    #expect(abs(schedule.finalAlphaBar - Double(try golden.tensor("final_alpha_cumprod").floats()[0])) < 1e-6)
  }

  @Test func `The noise of DPM is drawn in the order of diffusers`() throws {
    var noise = NormalGenerator(seed: 3)
    let draws = try Goldens("schedulers/dpm-5b").tensor("7/noise")
    // The last of the 7 steps goes to timestep 0, not below: one draw in the first step and two in each other.
    try #require(draws.shape[0] == 13)
    for index in 0..<13 {
      #expect(noise.draw([48]).floats() == draws.slice(index..<(index + 1)).floats())
    }
  }

  @Test(arguments: SchedulerConfiguration.Method.allCases)
  func `A copy made before the first step repeats the run`(method: SchedulerConfiguration.Method) throws {
    var configuration = SchedulerConfiguration(method: method)
    configuration.predictionType = .velocity
    let fresh = try configuration.makeScheduler(steps: 5)
    func run(_ start: any Scheduler) -> [Float] {
      var scheduler = start
      var noise = NormalGenerator(seed: 1)
      var latents = noise.draw([2, 20])
      for index in scheduler.timesteps.indices {
        let added = scheduler.noise(ofStep: index, shape: latents.shape, from: &noise)
        latents = scheduler.step(index, latents: latents, prediction: latents, noise: added)
      }
      return latents.floats()
    }
    let first = run(fresh)
    #expect(run(fresh) == first)
    #expect(first.allSatisfy { $0.isFinite })
  }

  @Test(arguments: SchedulerConfiguration.TimestepSpacing.allCases)
  func `Every number of steps has as many falling timesteps inside the training range`(
    spacing: SchedulerConfiguration.TimestepSpacing
  ) throws {
    var configuration = SchedulerConfiguration(method: .ddim)
    configuration.timestepSpacing = spacing
    for steps in 1...1000 {
      let timesteps = try DDIMScheduler(configuration, steps: steps).timesteps
      #expect(timesteps.count == steps)
      let falls = zip(timesteps, timesteps.dropFirst()).allSatisfy { $0 > $1 }
      #expect(falls, "\(steps) steps do not fall")
      #expect(timesteps[0] < 1000 && timesteps[steps - 1] >= 0, "\(steps) steps leave the range")
    }
  }

  @Test(arguments: [-1, 0, 1001, Int.max])
  func `A number of steps that the schedule does not have is refused`(steps: Int) {
    for method in SchedulerConfiguration.Method.allCases {
      let error = #expect(throws: DiffusionError.self) {
        try SchedulerConfiguration(method: method).makeScheduler(steps: steps)
      }
      #expect(error?.code == .invalidStepCount)
      #expect(error?.message.contains("1 to 1000") == true)
    }
  }

  @Test func `An offset that leads out of the training range is refused`() {
    var configuration = SchedulerConfiguration(method: .ddim)
    configuration.stepsOffset = 1
    #expect(throws: Never.self) { _ = try configuration.makeScheduler(steps: 500) }
    let error = #expect(throws: DiffusionError.self) { try configuration.makeScheduler(steps: 1000) }
    #expect(error?.message.contains("steps_offset of 1") == true)
  }
}
