import Foundation

/// How numbers are written for people: in plans and on the progress line, in tables and on the page of a comparison.
public enum Figure {
  /// What stands where there is no value.
  public static let none = "–"

  /// `1.25`, `12.5`, `125`: three significant digits, at most two of them decimals.
  public static func number(_ value: Double) -> String {
    let extent = abs(value)
    return fixed(value, extent < 9.995 ? 2 : extent < 99.95 ? 1 : 0)
  }

  /// `30.0 %` for 0.3.
  public static func percent(_ share: Double) -> String { fixed(share * 100, 1) + " %" }

  /// `1.92×`.
  public static func factor(_ value: Double) -> String { fixed(value, 2) + "×" }

  /// `31.20 dB`; `∞ dB` for identical pictures.
  public static func decibels(_ value: Double) -> String {
    value == .infinity ? "∞ dB" : fixed(value, 2) + " dB"
  }

  /// `0.9153`.
  public static func similarity(_ value: Double) -> String { fixed(value, 4) }

  /// `12 ms`, `4.31 s`, `52.3 s`, `4 min 05 s`, `1 h 07 min`: three significant digits at most.
  public static func seconds(_ value: Double) -> String {
    switch value {
    case ..<0.9995: return fixed(value * 1000, value < 0.00995 ? 1 : 0) + " ms"
    case ..<99.95: return number(value) + " s"
    default:
      guard value < 1e9 else { return fixed(value, 0) + " s" }
      let whole = Int(value.rounded())
      if whole < 3600 { return "\(whole / 60) min \(twoDigits(whole % 60)) s" }
      return "\(whole / 3600) h \(twoDigits(whole % 3600 / 60)) min"
    }
  }

  /// `1.50 GB`, `912 B`; decimal units.
  public static func bytes(_ count: Int) -> String {
    count < 1000 ? "\(count) B" : scaled(Double(count), ["B", "kB", "MB", "GB", "TB"])
  }

  /// `148 TFLOP`, `1.20 PFLOP`.
  public static func operations(_ value: Double) -> String {
    scaled(value, ["FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP", "PFLOP", "EFLOP"])
  }

  /// A number with a fixed count of digits after the point.
  public static func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

  /// `1.23e-04`.
  public static func scientific(_ value: Double) -> String { String(format: "%.2e", value) }

  private static func twoDigits(_ value: Int) -> String { String(format: "%02d", value) }

  /// A number in the first of some units, each a thousand times the one before, in which it is below 1000.
  private static func scaled(_ value: Double, _ units: [String]) -> String {
    var (value, unit) = (value, 0)
    while value >= 999.5, unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
    return number(value) + " " + units[unit]
  }
}
