import ArgumentParser
import SparseVideoGen

/// Reads the values of options, and says what was expected where one cannot be read.
///
/// Whether a value that can be read is also sensible is for the library to say.
enum OptionValue {
  /// The name of a file or folder, or of a model: a variable of a shell that holds nothing is an easy mistake.
  static func name(_ text: String) throws -> String {
    try value(text.isEmpty ? nil : text, "the name is empty")
  }

  static func integer(_ text: String) throws -> Int {
    try value(Int(text), "expected a whole number, such as 16")
  }

  static func number(_ text: String) throws -> Double {
    try value(Double(text), "expected a number, such as 4 or 4.5")
  }

  static func seed(_ text: String) throws -> UInt64 {
    try value(UInt64(text), "expected a whole number, 0 or more and at most \(UInt64.max)")
  }

  static func density(_ text: String) throws -> Double {
    let isPercentage = text.hasSuffix("%")
    return try value(
      Double(isPercentage ? text.dropLast() : text[...]).map { isPercentage ? $0 / 100 : $0 },
      "expected a number above 0 and at most 1, such as 0.3, or a percentage, such as 30%")
  }

  static func share(_ text: String) throws -> Share {
    try value(Share(text), "expected a number of them, such as 12, or a percentage of all, such as 25%")
  }

  static func device(_ text: String) throws -> GeneratorOptions.Device {
    try value(GeneratorOptions.Device(text), "expected auto, cpu, cuda or the number of a GPU, such as cuda:1")
  }

  static func attentionNumbers(_ text: String) throws -> AttentionNumbers {
    try value(AttentionNumbers(rawValue: text), "expected auto or fp8")
  }

  private static func value<Value>(_ value: Value?, _ expectation: String) throws -> Value {
    guard let value else { throw ValidationError(expectation) }
    return value
  }
}
