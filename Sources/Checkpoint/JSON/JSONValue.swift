/// A value of a JSON text, with everything kept that a decoder usually drops: the order of the keys, and numbers as
/// they were written.
package enum JSONValue: Hashable, Sendable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// The characters of the number, which follow JSON's grammar.
  case number(String)
  /// A string, its escapes resolved.
  case string(String)
  /// The elements of a list.
  case array([JSONValue])
  /// The members of an object.
  case object(JSONObject)

  /// The value as an integer, or `nil` when it is something else or does not fit.
  package var int: Int? {
    guard case .number(let text) = self else { return nil }
    return Int(text)
  }

  /// The value as a string, or `nil` when it is something else.
  package var string: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  /// The value as a truth value, or `nil` when it is something else.
  package var bool: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }

  /// The value as a floating-point number, or `nil` when it is something else.
  package var double: Double? {
    guard case .number(let text) = self else { return nil }
    return Double(text)
  }

  /// The elements of an array, or `nil` when it is something else.
  package var array: [JSONValue]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }

  /// The members of an object, or `nil` when it is something else.
  package var object: JSONObject? {
    guard case .object(let members) = self else { return nil }
    return members
  }

  /// The member `key` of an object, or `nil` when this is no object or has no such member.
  package subscript(key: String) -> JSONValue? { object?[key] }

  /// What the value is, for messages: `the string "cogvideox"`, `the number 1.5`, `a list of 3`.
  package var summary: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .number(let text): "the number \(text.prefix(40))"
    case .string(let text): "the string \"\(text.prefix(60))\(text.count > 60 ? "…" : "")\""
    case .array(let elements): "a list of \(elements.count)"
    case .object(let members): "an object with \(members.count) keys"
    }
  }
}

/// The members of a JSON object, in the order of the text, with their keys unique.
package struct JSONObject: Hashable, Sendable, Sequence {
  private var members: [(key: String, value: JSONValue)] = []
  private var places: [String: Int] = [:]

  /// Creates an object without members.
  package init() {}

  /// The number of members.
  package var count: Int { members.count }

  /// The keys, in the order of the text.
  package var keys: [String] { members.map(\.key) }

  /// The member with a key, or `nil` when there is none.
  package subscript(key: String) -> JSONValue? { places[key].map { members[$0].value } }

  /// Adds a member at the end.
  /// - Returns: Whether the key was new; a known key changes nothing.
  package mutating func append(_ key: String, _ value: JSONValue) -> Bool {
    guard places.updateValue(members.count, forKey: key) == nil else { return false }
    members.append((key, value))
    return true
  }

  /// Walks over the members in the order of the text.
  package func makeIterator() -> IndexingIterator<[(key: String, value: JSONValue)]> { members.makeIterator() }

  /// Whether two objects have the same members, in whatever order.
  package static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.count == right.count && left.allSatisfy { right[$0.key] == $0.value }
  }

  /// Feeds the number of members and the keys without their order.
  package func hash(into hasher: inout Hasher) { hasher.combine(Set(places.keys)) }
}
