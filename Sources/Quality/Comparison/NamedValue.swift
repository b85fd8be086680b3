/// A name and a value as people read them: a setting, a version, a property of the machine.
public struct NamedValue: Hashable, Sendable, Codable {
  /// What it is, for example `dense steps`.
  public var name: String
  /// The value, for example `25 % (12 of 50)`.
  public var value: String

  /// Creates a named value.
  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}
