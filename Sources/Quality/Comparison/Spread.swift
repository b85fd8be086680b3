import Figures

/// A figure over several prompts and seeds.
public struct Spread: Hashable, Sendable, Codable {
  /// How many values there are.
  public let count: Int
  /// Their mean.
  public let mean: Double
  /// Their sample standard deviation (divided by `count − 1`); 0 for a single value, `nil` when a value is infinite.
  public let deviation: Double?
  /// The smallest.
  public let minimum: Double
  /// The largest.
  public let maximum: Double

  /// Summarizes values.
  /// - Precondition: There is at least one value and none is NaN.
  public init(of values: [Double]) {
    precondition(!values.isEmpty && !values.contains(where: \.isNaN), "a spread needs numbers: \(values)")
    let mean = values.reduce(0, +) / Double(values.count)
    count = values.count
    self.mean = mean
    minimum = values.min() ?? mean
    maximum = values.max() ?? mean
    if !mean.isFinite {
      deviation = nil
    } else if values.count == 1 {
      deviation = 0
    } else {
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      deviation = (squares / Double(values.count - 1)).squareRoot()
    }
  }
}

extension Figure {
  /// `30.12 ± 1.40 dB`: the mean as `write` has it, and the deviation in front of its unit; a single value
  /// stands alone.
  static func spread(_ spread: Spread, _ write: (Double) -> String) -> String {
    guard spread.count > 1, let deviation = spread.deviation else { return write(spread.mean) }
    let number = write(spread.mean).prefix { $0.isNumber || $0 == "." || $0 == "-" }
    return "\(number) ± \(write(deviation))"
  }
}
