import ArgumentParser

/// Options that another one leaves without effect.
enum IdleOptions {
  /// The names of those that were given.
  static func given(_ options: KeyValuePairs<String, Any?>) -> [String] {
    options.filter { $0.value != nil }.map(\.key)
  }

  /// Refuses those that were given.
  /// - Parameter cause: The option that leaves them without effect.
  static func refuse(_ options: KeyValuePairs<String, Any?>, with cause: String) throws {
    let names = given(options)
    guard names.isEmpty else {
      throw ValidationError(
        "\(names.joined(separator: ", ")) \(names.count == 1 ? "has" : "have") no effect with \(cause): leave one or the "
          + "other out")
    }
  }
}
