import Checkpoint
import Foundation

/// What a model's scheduler configuration says: the recipe that a scheduler for any number of steps is made from.
public protocol SchedulerSettings: Sendable {
  /// Prepares a run.
  /// - Parameter steps: Denoising steps.
  /// - Throws: ``DiffusionError`` with code `invalidStepCount` for a number of steps that the schedule does not have.
  func makeScheduler(steps: Int) throws -> any Scheduler
}

extension ModelDirectory {
  /// Reads `scheduler/scheduler_config.json`; the class is the one that `model_index.json` names.
  /// - Throws: `CheckpointError` that names the file and the key, or the class, and what is expected instead.
  public func schedulerSettings() throws -> any SchedulerSettings {
    let methods = SchedulerConfiguration.Method.allCases.map(\.rawValue)
    let component = try component("scheduler", oneOf: methods + [FlowMatchConfiguration.className])
    let file = try ConfigurationFile(component.folder.appending(path: "scheduler_config.json"))
    guard let method = SchedulerConfiguration.Method(rawValue: component.className) else {
      return try FlowMatchConfiguration(file)
    }
    return try SchedulerConfiguration(file, method: method)
  }
}
