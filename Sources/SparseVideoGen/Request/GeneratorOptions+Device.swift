import Compute
import Foundation

extension GeneratorOptions {
  /// The threads that are used.
  var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

  /// The device that is asked for.
  func makeDevice() throws -> any ComputeDevice { ReferenceDevice() }
}
