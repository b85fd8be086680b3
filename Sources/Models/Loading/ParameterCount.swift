/// How many numbers the layers of a network have, counted from its configuration.
enum ParameterCount {
  /// A linear layer.
  static func linear(_ inputs: Int, _ outputs: Int, bias: Bool = true) -> Int {
    inputs * outputs + (bias ? outputs : 0)
  }

  /// A convolution with a bias.
  /// - Parameter taps: The frames, rows and columns that it sees, multiplied.
  static func convolution(_ inputs: Int, _ outputs: Int, taps: Int) -> Int {
    linear(inputs * taps, outputs)
  }

  /// Two linear layers, as `NumberEmbedding` and `VectorProjection` have them.
  static func projection(_ inputs: Int, _ outputs: Int) -> Int {
    linear(inputs, outputs) + linear(outputs, outputs)
  }
}

/// A network of a model, for plans and reports.
public struct ModelNetwork: Hashable, Sendable {
  /// When a network runs.
  public enum Role: Hashable, Sendable {
    /// Turns prompts into conditions.
    case textEncoder
    /// Predicts what to take away from noisy latents.
    case transformer
    /// Turns latents into frames.
    case decoder
  }

  /// The component of `model_index.json`, which is the name of its folder.
  public let component: String
  /// When it runs.
  public let role: Role
  /// The parameters that its configuration calls for and that a run loads.
  public let parameters: Int
  /// Those of the tables of embeddings, which stay in the file: a prompt reads a few of their rows.
  public let tableParameters: Int

  /// The parameters that are brought to the device.
  public var loadedParameters: Int { parameters - tableParameters }

  /// Describes a network.
  public init(component: String, role: Role, parameters: Int, tableParameters: Int = 0) {
    self.component = component
    self.role = role
    self.parameters = parameters
    self.tableParameters = tableParameters
  }
}
