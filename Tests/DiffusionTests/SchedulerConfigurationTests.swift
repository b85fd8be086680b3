import Checkpoint
import Diffusion
import Foundation
import TestSupport
import Testing

struct SchedulerConfigurationTests {
  @Test func `A published configuration is read`() throws {
    let json = """
      {"_class_name": "CogVideoXDPMScheduler", "_diffusers_version": "0.31.0.dev0", "beta_end": 0.012, "beta_start": 0.00085,
       "beta_schedule": "scaled_linear", "clip_sample": false, "clip_sample_range": 1.0, "num_train_timesteps": 1000,
       "prediction_type": "v_prediction", "rescale_betas_zero_snr": true, "sample_max_value": 1.0,
       "set_alpha_to_one": true, "snr_shift_scale": 1.0, "steps_offset": 0, "timestep_spacing": "trailing",
       "trained_betas": null}
      """
    var expected = SchedulerConfiguration(method: .dpm)
    expected.predictionType = .velocity
    expected.rescalesBetasToZeroSNR = true
    expected.snrShiftScale = 1
    expected.timestepSpacing = .trailing
    let configuration = try decode(json)
    #expect(configuration == expected)
  }

  @Test func `Missing values are those that diffusers assumes`() throws {
    let configuration = try decode(#"{"_class_name": "CogVideoXDDIMScheduler"}"#)
    #expect(configuration == SchedulerConfiguration(method: .ddim))
  }

  @Test(arguments: [
    ("_class_name", #""DDIMScheduler""#), ("_class_name", "3"), ("beta_schedule", #""sigmoid""#),
    ("prediction_type", #""flow""#), ("timestep_spacing", #""karras""#), ("num_train_timesteps", "1"),
    ("num_train_timesteps", "2.5"), ("num_train_timesteps", "1e12"), ("num_train_timesteps", #""1000""#),
    ("beta_start", "0"), ("beta_end", "1"), ("beta_end", "-0.1"), ("snr_shift_scale", "0"), ("snr_shift_scale", "[]"),
    ("steps_offset", "-1"), ("steps_offset", "1000"), ("trained_betas", "[0.1, 0.2]"), ("set_alpha_to_one", "1.5"),
  ])
  func `A value that means nothing is refused by its key`(key: String, value: String) {
    let name = key == "_class_name" ? "" : #""_class_name": "CogVideoXDPMScheduler", "#
    let error = #expect(throws: DecodingError.self) { try decode("{\(name)\"\(key)\": \(value)}") }
    #expect(path(of: error) == [key])
  }

  @Test func `A configuration without a class is refused`() {
    let error = #expect(throws: DecodingError.self) { try decode(#"{"beta_start": 0.1}"#) }
    #expect(path(of: error) == ["_class_name"])
  }

  @Test func `Noise cannot be predicted where no signal is left`() {
    let json =
      #"{"_class_name": "CogVideoXDDIMScheduler", "rescale_betas_zero_snr": true, "timestep_spacing": "trailing"}"#
    let error = #expect(throws: DecodingError.self) { try decode(json) }
    #expect(path(of: error) == ["prediction_type"])
  }

  @Test func `An unknown name is answered with those that exist`() {
    do {
      _ = try decode(#"{"_class_name": "CogVideoXDDIMScheduler", "beta_schedule": "sigmoid"}"#)
      Issue.record("an unknown schedule was accepted")
    } catch DecodingError.dataCorrupted(let context) {
      for name in ["sigmoid", "linear", "scaled_linear", "squaredcos_cap_v2"] {
        #expect(context.debugDescription.contains(name))
      }
    } catch {
      Issue.record(error)
    }
  }

  @Test(arguments: [
    ("cogvideox-2b", SchedulerConfiguration.Method.ddim, 3.0), ("cogvideox-5b", .dpm, 1.0),
    ("cogvideox-1.5", .dpm, 1.0),
    ("cogvideox-learned", .ddim, 1.0),
  ])
  func `The configuration of a model directory is read`(
    name: String, method: SchedulerConfiguration.Method, shift: Double
  ) throws {
    let configuration = try SchedulerConfiguration(ModelDirectory(Fixtures.model(name)))
    #expect(configuration.method == method)
    #expect(configuration.snrShiftScale == shift)
    #expect(configuration.predictionType == .velocity)
    #expect(configuration.rescalesBetasToZeroSNR)
    #expect(configuration.timestepSpacing == .trailing)
  }

  @Test func `An error names the file, the key and what is known`() throws {
    let model = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: model) }
    let folder = model.appending(path: "scheduler")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let index = #"{"_class_name": "CogVideoXPipeline", "scheduler": ["diffusers", "CogVideoXDPMScheduler"]}"#
    try Data(index.utf8).write(to: model.appending(path: "model_index.json"))
    let file = folder.appending(path: "scheduler_config.json")
    try Data(#"{"_class_name": "CogVideoXDPMScheduler", "beta_schedule": "sigmoid"}"#.utf8).write(to: file)
    let error = #expect(throws: CheckpointError.self) { _ = try SchedulerConfiguration(ModelDirectory(model)) }
    #expect(error?.code == .impossibleValue)
    for part in [file.path, "beta_schedule", "sigmoid", "squaredcos_cap_v2"] {
      #expect(error?.message.contains(part) == true, "\(error?.message ?? "no error") does not say \(part)")
    }
  }

  private func decode(_ json: String) throws -> SchedulerConfiguration {
    try JSONDecoder().decode(SchedulerConfiguration.self, from: Data(json.utf8))
  }

  private func path(of error: DecodingError?) -> [String] {
    switch error {
    case .dataCorrupted(let context), .typeMismatch(_, let context), .valueNotFound(_, let context):
      context.codingPath.map(\.stringValue)
    case .keyNotFound(let key, _): [key.stringValue]
    default: []
    }
  }
}
