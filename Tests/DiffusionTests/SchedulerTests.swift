import Foundation
import Tensor
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
      let file = Golden.folder.appending(path: "schedulers/\(name).json")
      return try JSONDecoder().decode(SchedulerConfiguration.self, from: Data(contentsOf: file))
    }

    func golden() throws -> Golden { try Golden("schedulers/\(name)") }
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
    var scheduler = try example.configuration().scheduler(steps: steps)
    #expect(scheduler.timesteps == (try golden.integers("\(steps)/timesteps")))

    let shape: Shape = [1, 2, 2, 3, 4]
    let predictions = try golden.floats("\(steps)/predictions")
    let expected = try golden.floats("\(steps)/latents")
    var latents = Tensor(try golden.floats("\(steps)/start"), shape: shape)
    var noise = NormalGenerator(seed: 3)
    var worst = 0.0
    for index in 0..<steps {
      let range = (index * shape.count)..<((index + 1) * shape.count)
      latents = scheduler.step(
        index, latents: latents, prediction: Tensor(Array(predictions[range]), shape: shape), noise: &noise)
      worst = max(worst, relativeError(latents.floats(), Array(expected[range])))
    }
    #expect(worst <= example.tolerance, "the worst step is \(worst) away")
  }

  @Test(arguments: cases.filter { $0.steps == 1 })
  func `The signal that is left is that of diffusers`(_ example: Case) throws {
    let golden = try example.golden()
    let schedule = try NoiseSchedule(try example.configuration(), steps: 1)
    let expected = try golden.floats("alphas_cumprod")
    try #require(schedule.alphaBars.count == expected.count)
    // Single precision schedules multiply a thousand factors that are rounded to 2⁻²⁵.
    for (ours, theirs) in zip(schedule.alphaBars, expected) {
      #expect(abs(ours - Double(theirs)) <= 1e-6 * Double(theirs) + 1e-9)
    }
    #expect(abs(schedule.finalAlphaBar - Double(try golden.floats("final_alpha_cumprod")[0])) < 1e-6)
  }

  @Test func `The noise of DPM is drawn in the order of diffusers`() throws {
    let golden = try Golden("schedulers/dpm-5b")
    var noise = NormalGenerator(seed: 3)
    let draws = try golden.floats("7/noise")
    try #require(draws.count == 13 * 48)
    for start in stride(from: 0, to: draws.count, by: 48) {
      #expect(noise.draw([48]).floats() == Array(draws[start..<(start + 48)]))
    }
  }

  @Test(arguments: SchedulerConfiguration.Method.allCases)
  func `A copy made before the first step repeats the run`(method: SchedulerConfiguration.Method) throws {
    var configuration = SchedulerConfiguration(method: method)
    configuration.predictionType = .velocity
    let fresh = try configuration.scheduler(steps: 5)
    func run(_ start: any Scheduler) -> [Float] {
      var scheduler = start
      var noise = NormalGenerator(seed: 1)
      var latents = noise.draw([2, 20])
      for index in scheduler.timesteps.indices {
        latents = scheduler.step(index, latents: latents, prediction: latents, noise: &noise)
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
        try SchedulerConfiguration(method: method).scheduler(steps: steps)
      }
      #expect(error?.code == .invalidStepCount)
      #expect(error?.message.contains("1 to 1000") == true)
    }
  }

  @Test func `An offset that leads out of the training range is refused`() {
    var configuration = SchedulerConfiguration(method: .ddim)
    configuration.stepsOffset = 1
    #expect(throws: Never.self) { _ = try configuration.scheduler(steps: 500) }
    let error = #expect(throws: DiffusionError.self) { try configuration.scheduler(steps: 1000) }
    #expect(error?.message.contains("steps_offset of 1") == true)
  }

  private func relativeError(_ value: [Float], _ reference: [Float]) -> Double {
    var difference = 0.0
    var size = 0.0
    for (x, y) in zip(value, reference) {
      difference += (Double(x) - Double(y)) * (Double(x) - Double(y))
      size += Double(y) * Double(y)
    }
    return (difference / size).squareRoot()
  }
}
