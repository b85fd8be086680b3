import Compute

extension GeneratorOptions {
  /// The device that is asked for.
  /// - Precondition: The options were checked.
  func makeDevice() -> CPUDevice {
    CPUDevice(threads: threads, activationType: numbers.elementType)
  }
}
