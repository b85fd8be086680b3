import Foundation

/// How numbers are written for people, in the text table and in the page alike.
enum Figure {
  /// What stands where there is no value.
  static let none = "–"

  /// `31.20 dB`; `∞ dB` for identical pictures.
  static func decibels(_ value: Double) -> String {
    value == .infinity ? "∞ dB" : fixed(value, 2) + " dB"
  }

  /// `0.9153`.
  static func similarity(_ value: Double) -> String { fixed(value, 4) }

  /// `1.92×`.
  static func factor(_ value: Double) -> String { fixed(value, 2) + "×" }

  /// `30.0 %` for 0.3.
  static func percent(_ share: Double) -> String { fixed(share * 100, 1) + " %" }

  /// `12 ms`, `4.31 s`, `52.3 s`, `4 min 05 s`, `1 h 07 min`: three significant digits at most.
  static func seconds(_ value: Double) -> String {
    switch value {
    case ..<0.9995: return fixed(value * 1000, value < 0.00995 ? 1 : 0) + " ms"
    case ..<9.995: return fixed(value, 2) + " s"
    case ..<99.95: return fixed(value, 1) + " s"
    default:
      guard value < 1e9 else { return fixed(value, 0) + " s" }
      let whole = Int(value.rounded())
      if whole < 3600 { return "\(whole / 60) min \(String(format: "%02d", whole % 60)) s" }
      return "\(whole / 3600) h \(String(format: "%02d", whole % 3600 / 60)) min"
    }
  }

  /// `148 TFLOP`, `1.20 PFLOP`.
  static func operations(_ value: Double) -> String {
    let units = [(1e15, "PFLOP"), (1e12, "TFLOP"), (1e9, "GFLOP"), (1e6, "MFLOP")]
    let (scale, unit) = units.first { value >= $0.0 } ?? (1, "FLOP")
    let scaled = value / scale
    return fixed(scaled, scaled < 10 ? 2 : scaled < 100 ? 1 : 0) + " " + unit
  }

  /// `30.12 ± 1.40 dB`: the mean as `write` has it, and the deviation in front of its unit; a single value stands alone.
  static func spread(_ spread: Spread, _ write: (Double) -> String) -> String {
    guard spread.count > 1, let deviation = spread.deviation else { return write(spread.mean) }
    let number = write(spread.mean).prefix { $0.isNumber || $0 == "." || $0 == "-" }
    return "\(number) ± \(write(deviation))"
  }

  /// A number with a fixed count of digits after the point.
  static func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

  /// `1.23e-04`.
  static func scientific(_ value: Double) -> String { String(format: "%.2e", value) }
}
