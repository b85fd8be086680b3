import Checkpoint
import Diffusion
import Foundation
import TestSupport
import Testing

struct SchedulerConfigurationTests {
  @Test(arguments: [
    ("cogvideox-2b", SchedulerConfiguration.Method.ddim, 3.0), ("cogvideox-5b", .dpm, 1.0),
    ("cogvideox-1.5", .dpm, 1.0), ("cogvideox-learned", .ddim, 1.0),
  ])
  func `The configuration of a model directory is read`(
    name: String, method: SchedulerConfiguration.Method, shift: Double
  ) throws {
    var expected = SchedulerConfiguration(method: method)
    expected.predictionType = .velocity
    expected.rescalesBetasToZeroSNR = true
    expected.snrShiftScale = shift
    expected.timestepSpacing = .trailing
    let settings = try ModelDirectory(Fixtures.model(name)).schedulerSettings()
    #expect(settings as? SchedulerConfiguration == expected)
  }

  @Test func `Every value is read`() throws {
    let json = """
      {"num_train_timesteps": 3, "beta_start": 0.1, "beta_end": 0.2, "beta_schedule": "squaredcos_cap_v2",
       "trained_betas": [0.1, 0.2, 0.3], "set_alpha_to_one": false, "steps_offset": 1, "prediction_type": "sample",
       "timestep_spacing": "linspace", "rescale_betas_zero_snr": true, "snr_shift_scale": 2}
      """
    var expected = SchedulerConfiguration(method: .ddim)
    expected.trainTimesteps = 3
    expected.betaStart = 0.1
    expected.betaEnd = 0.2
    expected.betaSchedule = .squaredCosine
    expected.trainedBetas = [0.1, 0.2, 0.3]
    expected.setsAlphaToOne = false
    expected.stepsOffset = 1
    expected.predictionType = .sample
    expected.timestepSpacing = .linspace
    expected.rescalesBetasToZeroSNR = true
    expected.snrShiftScale = 2
    let configuration = try read(json)
    #expect(configuration == expected)
  }

  @Test(arguments: ["{}", #"{"trained_betas": null, "clip_sample": true, "_diffusers_version": "0.31.0.dev0"}"#])
  func `Missing values are those that diffusers assumes`(json: String) throws {
    let configuration = try read(json)
    #expect(configuration == SchedulerConfiguration(method: .ddim))
    #expect(configuration.trainTimesteps == 1000)
    #expect(configuration.snrShiftScale == 3)
  }

  @Test(arguments: [
    ("beta_schedule", #""sigmoid""#), ("prediction_type", #""flow""#), ("timestep_spacing", #""karras""#),
    ("num_train_timesteps", "1"), ("num_train_timesteps", "2.5"), ("num_train_timesteps", "1e12"),
    ("num_train_timesteps", #""1000""#), ("beta_start", "0"), ("beta_end", "1"), ("beta_end", "-0.1"),
    ("snr_shift_scale", "0"), ("snr_shift_scale", "[]"), ("snr_shift_scale", "1e999"), ("steps_offset", "-1"),
    ("steps_offset", "1000"), ("trained_betas", "[0.1, 0.2]"), ("set_alpha_to_one", "1.5"),
  ])
  func `A value that means nothing is refused by its key`(key: String, value: String) {
    let error = #expect(throws: CheckpointError.self) { try read("{\"\(key)\": \(value)}") }
    #expect(error?.message.contains("scheduler_config.json") == true)
    #expect(error?.message.contains("\"\(key)\"") == true, "\(error?.message ?? "") does not name the key")
  }

  @Test func `Noise cannot be predicted where no signal is left`() throws {
    let error = #expect(throws: CheckpointError.self) {
      try read(#"{"rescale_betas_zero_snr": true, "timestep_spacing": "trailing"}"#)
    }
    #expect(error?.message.contains("prediction_type") == true)
    // With this spacing the last timestep is not visited.
    _ = try read(#"{"rescale_betas_zero_snr": true, "timestep_spacing": "leading"}"#)
  }

  @Test func `An unknown name is answered with those that exist`() {
    let error = #expect(throws: CheckpointError.self) { try read(#"{"beta_schedule": "sigmoid"}"#) }
    for name in ["sigmoid", "linear, scaled_linear, squaredcos_cap_v2"] {
      #expect(error?.message.contains(name) == true)
    }
  }

  @Test func `A scheduler of another class is answered with the classes that are read`() throws {
    let folder = try TemporaryModel(index: #"{"_class_name": "X", "scheduler": ["diffusers", "DDIMScheduler"]}"#)
    let error = #expect(throws: CheckpointError.self) { try ModelDirectory(folder.url).schedulerSettings() }
    #expect(error?.code == .unsupportedClass)
    #expect(error?.message.contains("CogVideoXDDIMScheduler") == true)
  }

  private func read(_ json: String) throws -> SchedulerConfiguration {
    let folder = try TemporaryModel(index: "{}")
    let url = folder.url.appending(path: "scheduler_config.json")
    try Data(json.utf8).write(to: url)
    return try SchedulerConfiguration(ConfigurationFile(url), method: .ddim)
  }
}

/// A model directory that lives as long as the test needs it.
private final class TemporaryModel {
  let url: URL

  init(index: String) throws {
    url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(
      at: url.appending(path: "scheduler"), withIntermediateDirectories: true)
    try Data(index.utf8).write(to: url.appending(path: "model_index.json"))
  }

  deinit {
    try? FileManager.default.removeItem(at: url)
  }
}
