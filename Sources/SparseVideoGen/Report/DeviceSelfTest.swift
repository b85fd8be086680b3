import Compute

/// Every operation of a device against plain arithmetic: whether driver, libraries and kernels of this machine compute
/// what they should.
public struct DeviceSelfTest: Sendable {
  /// What one check found.
  public struct Line: Sendable, Hashable, Codable {
    /// The operation and its sizes.
    public let check: String
    /// The largest error of an element as a share of its tolerance; `nil` when the operation failed.
    public let worst: Float?
    /// The worst element, or why the operation failed.
    public let details: String

    /// Whether every element is within its tolerance.
    public var hasPassed: Bool { worst.map { $0 <= 1 } ?? false }
  }

  private let chosen: ChosenDevice

  /// The device, for example `cuda:0`.
  public var device: String { chosen.name }

  /// Takes a device into use.
  /// - Throws: ``GenerationError`` when it is not there.
  public init(options: GeneratorOptions = GeneratorOptions()) throws {
    try options.check()
    // Small convolutions too: what a library computes is to be checked.
    chosen = try options.makeDevice(convolutions: .library)
  }

  /// Runs all checks, one after the other.
  /// - Parameter report: Called with each result; what it throws ends the test.
  /// - Returns: Whether all passed.
  public func run(_ report: (Line) throws -> Void) rethrows -> Bool {
    var hasPassed = true
    for check in DeviceCheck.all(for: chosen.device) {
      let name = "\(check.operation) \(check.sizes)"
      let line: Line
      do {
        let outcome = try check.run(on: chosen.device)
        line = Line(
          check: name, worst: outcome.worst.isFinite ? outcome.worst : nil, details: outcome.details)
      } catch {
        line = Line(check: name, worst: nil, details: "\(error)")
      }
      hasPassed = hasPassed && line.hasPassed
      try report(line)
    }
    return hasPassed
  }
}
