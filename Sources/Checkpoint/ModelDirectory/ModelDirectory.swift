import Foundation

/// A model as *diffusers* publishes it: a directory with `model_index.json` and a folder per component.
public struct ModelDirectory: Sendable {
  /// One network, tokenizer or scheduler of a model.
  public struct Component: Hashable, Sendable {
    /// The name of its folder, such as `transformer`.
    public let name: String
    /// The Python package that its class comes from, such as `diffusers`.
    public let library: String
    /// Its class, such as `CogVideoXTransformer3DModel`.
    public let className: String
    /// Its folder.
    public let folder: URL
  }

  /// The directory.
  public let url: URL
  /// The class of the whole pipeline, such as `CogVideoXPipeline`.
  public let pipelineClass: String
  /// The components in the order of the index; those that the model leaves out (`null`) are not listed.
  public let components: [Component]
  /// Whether random numbers stand for the weights, see ``withRandomWeights()``.
  public private(set) var usesRandomWeights = false

  /// The same model with random numbers for weights, of which none is read: to measure it from its configurations.
  public func withRandomWeights() -> ModelDirectory {
    var directory = self
    directory.usesRandomWeights = true
    return directory
  }

  /// The weights of a component.
  /// - Parameter file: What its file is called before its ending, see ``Checkpoint/init(folder:name:)``.
  /// - Throws: ``CheckpointError``, see ``Checkpoint/init(folder:name:)``.
  public func checkpoint(of component: String, named file: String) throws -> Checkpoint {
    let folder = url.appending(path: component)
    return usesRandomWeights ? Checkpoint(randomWeightsOf: folder) : try Checkpoint(folder: folder, name: file)
  }

  /// Finds and reads a model.
  /// - Parameters:
  ///   - text: What a person typed, see ``ModelReference``.
  ///   - environment: The environment variables, which say where the cache is.
  /// - Throws: ``CheckpointError`` with code `notInCache`, and all of ``ModelDirectory/init(_:)``.
  public init(resolving text: String, environment: [String: String]) throws {
    switch try ModelReference(text) {
    case .directory(let url): try self.init(url)
    case .repository(let name, let revision):
      try self.init(HuggingFaceCache(environment: environment).snapshot(of: name, revision: revision))
    }
  }

  /// Reads the index of a directory.
  /// - Throws: ``CheckpointError`` with code `notAModelDirectory` when there is no directory or no index in it,
  ///   `missingKey` or `wrongType` when the index is none, and all of ``ConfigurationFile/init(_:)``.
  public init(_ url: URL) throws {
    var isDirectory: ObjCBool = false
    guard unsafe FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) else {
      throw CheckpointError(.notAModelDirectory, "\(url.path): there is no such directory.")
    }
    guard isDirectory.boolValue else {
      throw CheckpointError(
        .notAModelDirectory, "\(url.path): this is a file; a model is a directory with model_index.json in it.")
    }
    let indexURL = url.appendingPathComponent("model_index.json")
    try checkLink(indexURL)
    guard FileManager.default.fileExists(atPath: indexURL.path) else {
      throw CheckpointError(
        .notAModelDirectory,
        "\(url.path): there is no model_index.json; a model is a directory in the layout of diffusers.")
    }
    let index = try ConfigurationFile(indexURL)
    guard let pipeline = index.value["_class_name"] else {
      throw CheckpointError(.missingKey, "\(indexURL.path): the index has no \"_class_name\".")
    }
    guard let pipelineClass = pipeline.string else {
      throw CheckpointError(
        .wrongType, "\(indexURL.path): \"_class_name\" is \(pipeline.summary); expected a string.")
    }
    self.url = url
    self.pipelineClass = pipelineClass
    components = try (index.value.object ?? JSONObject()).compactMap { key, value in
      try Self.component(key, value, in: url, index: indexURL)
    }
  }

  /// A member of the index as a component, or `nil` when it is an option or a component that is left out.
  private static func component(
    _ name: String, _ value: JSONValue, in directory: URL, index: URL
  ) throws(CheckpointError) -> Component? {
    guard !name.hasPrefix("_"), let pair = value.array else { return nil }
    if pair.count == 2, pair[1] == .null { return nil }
    guard pair.count == 2, let library = pair[0].string, let className = pair[1].string else {
      throw CheckpointError(
        .wrongType, "\(index.path): \"\(name)\" must list a library and a class, as in [\"diffusers\", \"Class\"].")
    }
    guard !name.isEmpty, !name.contains("/"), !name.contains("\0"), name != ".", name != ".." else {
      throw CheckpointError(.impossibleValue, "\(index.path): \"\(name)\" is no name of a folder.")
    }
    return Component(
      name: name, library: library, className: className,
      folder: directory.appendingPathComponent(name, isDirectory: true))
  }

  /// Refuses a model whose pipeline is not implemented.
  /// - Parameter supported: The classes that are.
  /// - Throws: ``CheckpointError`` with code `unsupportedClass`, listing them.
  public func requirePipeline(oneOf supported: [String]) throws(CheckpointError) {
    guard supported.contains(pipelineClass) else {
      throw CheckpointError(
        .unsupportedClass,
        "\(url.path): the model is a \(pipelineClass); supported: \(supported.joined(separator: ", ")).")
    }
  }

  /// A component with a class that is implemented.
  /// - Parameters:
  ///   - name: The name of the component.
  ///   - supported: The classes that are implemented for it.
  /// - Throws: ``CheckpointError`` with code `missingComponent` when the index or the disk does not have it, or
  ///   `unsupportedClass`, listing the supported ones.
  public func component(_ name: String, oneOf supported: [String]) throws(CheckpointError) -> Component {
    guard let component = components.first(where: { $0.name == name }) else {
      throw CheckpointError(
        .missingComponent, "\(url.path): model_index.json lists no component \"\(name)\", which is needed.")
    }
    guard supported.contains(component.className) else {
      throw CheckpointError(
        .unsupportedClass,
        "\(url.path): the component \"\(name)\" is a \(component.className); supported: "
          + "\(supported.joined(separator: ", ")).")
    }
    var isDirectory: ObjCBool = false
    let exists = unsafe FileManager.default.fileExists(atPath: component.folder.path, isDirectory: &isDirectory)
    guard exists, isDirectory.boolValue else {
      throw CheckpointError(
        .missingComponent,
        "\(component.folder.path): the folder of the component \"\(name)\" is missing; fetch the model again.")
    }
    return component
  }
}
