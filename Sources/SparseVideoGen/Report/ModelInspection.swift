import Checkpoint
import Diffusion
import Figures
import Foundation
import Models
import Tensor

/// What is in a model directory, and whether this version can run it.
public struct ModelInspection: Sendable, Hashable, Codable {
  /// A network, tokenizer or scheduler.
  public struct Component: Sendable, Hashable, Codable {
    /// Its folder.
    public let name: String
    /// The Python package that its class comes from.
    public let library: String
    /// Its class.
    public let className: String
    /// Its weights, or `nil` for a component without any.
    public let weights: Weights?
    /// Why its weights cannot be used, if so: a file that is missing or damaged, or a tensor that is not as it should
    /// be.
    public let problem: String?
  }

  /// The weights of a network.
  public struct Weights: Sendable, Hashable, Codable {
    /// Tensors.
    public let tensors: Int
    /// Numbers in all tensors.
    public let parameters: Int
    /// Bytes on the disk.
    public let bytes: Int
    /// The element types as safetensors names them, with the number of tensors of each.
    public let elementTypes: [String: Int]
  }

  /// The directory.
  public let path: String
  /// The class of the pipeline.
  public let pipelineClass: String
  /// The components in the order of the index.
  public let components: [Component]
  /// What this version knows of the model, or `nil` when it cannot run it.
  public let model: ModelDescription?
  /// Why this version cannot run it, or `nil` when it can.
  public let problem: String?

  /// Inspects a directory: reads configurations, tokenizers and headers of weights, no weights, and compares them.
  /// - Throws: `CheckpointError` when there is no model at all.
  public init(_ source: ModelSource) throws {
    let directory = try source.directory()
    path = directory.url.path
    pipelineClass = directory.pipelineClass
    let known = Result { try VideoModelRegistry.model(in: directory) }
    func problem(_ check: () throws -> Void) -> String? {
      do {
        try check()
        return nil
      } catch {
        return "\(error)"
      }
    }
    components = directory.components.map { Component($0, of: try? known.get()) }
    switch known {
    case .success(let model):
      self.model = model.description
      self.problem =
        components.compactMap(\.problem).first ?? problem { _ = try directory.schedulerSettings() }
        ?? problem { try model.checkTokenizers() }
    case .failure(let error):
      model = nil
      self.problem = "\(error)"
    }
  }
}

extension ModelInspection.Component {
  /// The name of the weights' file by the package that wrote it.
  private static let fileNames = ["transformers": "model", "diffusers": "diffusion_pytorch_model"]

  /// Inspects a component.
  /// - Parameter model: What knows which weights it needs; `nil` when this version does not know the model.
  init(_ component: ModelDirectory.Component, of model: (any VideoModel)?) {
    var weights: ModelInspection.Weights?
    var problem: String?
    let isNetwork = !["tokenizer", "scheduler"].contains { component.name.hasPrefix($0) }
    if isNetwork, let name = Self.fileNames[component.library] {
      do {
        weights = .init(try Checkpoint(folder: component.folder, name: name))
        if let model, model.networks.contains(where: { $0.component == component.name }) {
          try model.checkWeights(of: component.name)
        }
      } catch {
        problem = "\(error)"
      }
    }
    self.init(
      name: component.name, library: component.library, className: component.className, weights: weights,
      problem: problem)
  }
}

extension ModelInspection.Weights {
  /// Counts the tensors of a checkpoint.
  init(_ checkpoint: Checkpoint) {
    let entries = checkpoint.names.compactMap { checkpoint.entry(named: $0) }
    tensors = entries.count
    parameters = entries.reduce(0) { $0 + $1.shape.count }
    bytes = checkpoint.byteCount
    elementTypes = Dictionary(entries.map { ($0.typeName, 1) }, uniquingKeysWith: +)
  }
}

extension ModelInspection: CustomStringConvertible {
  /// The inspection as a person reads it.
  public var description: String {
    var lines = ["\(path)", "  pipeline      \(pipelineClass)"]
    for component in components {
      let name = component.name.padding(toLength: max(13, component.name.count), withPad: " ", startingAt: 0)
      var line = "  \(name) \(component.className)"
      if let weights = component.weights {
        let types = weights.elementTypes.keys.sorted().joined(separator: ", ")
        line += ": \(Self.count(weights.parameters)) parameters in \(weights.tensors) tensors, "
        line += "\(Figure.bytes(weights.bytes)), \(types)"
      }
      if let problem = component.problem { line += ": \(problem)" }
      lines.append(line)
    }
    if let model {
      lines.append("  transformer   \(model.layers) layers, \(model.heads) heads × \(model.headDimension)")
      lines.append(
        "  defaults      \(model.defaultSize), \(model.framesPerSecond) frames per second, \(model.defaultSteps) steps, "
          + "guidance \(model.defaultGuidance)")
    }
    lines.append(problem.map { "  cannot be run: \($0)" } ?? "  can be run: yes")
    return lines.joined(separator: "\n")
  }

  /// For example `11.3 M`.
  private static func count(_ count: Int) -> String {
    switch count {
    case 1_000_000_000...: "\(Figure.number(Double(count) / 1e9)) G"
    case 1_000_000...: "\(Figure.number(Double(count) / 1e6)) M"
    default: "\(count)"
    }
  }
}
