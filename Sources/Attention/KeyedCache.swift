import Synchronization

/// What depends on a key alone, such as the size of a video: made when it is first asked for, used in every layer and step.
public final class KeyedCache<Key: Hashable & Sendable, Value: Sendable, Failure: Error>: Sendable {
  private let values = Mutex<[Key: Value]>([:])
  private let make: @Sendable (Key) throws(Failure) -> Value

  /// Creates an empty cache.
  /// - Parameter make: Makes the value of a key; a failure is not remembered.
  public init(_ make: @escaping @Sendable (Key) throws(Failure) -> Value) {
    self.make = make
  }

  /// The value of a key. Who asks for one while it is made waits.
  public subscript(key: Key) -> Value {
    get throws(Failure) {
      try values.withLock { (values) throws(Failure) in
        if let value = values[key] { return value }
        let value = try make(key)
        values[key] = value
        return value
      }
    }
  }
}
