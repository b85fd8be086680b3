import Checkpoint
import Compute
import Foundation
import Tensor
import TestSupport
import Testing

@testable import Models

/// Weights are compared with configurations from headers alone, before anything is loaded.
@Suite struct WeightCheckTests {
  static let models = pipelineFixtures + imageFixtures + ["hunyuan-video"]

  /// A copy of a fixture with weights for every network, and its model.
  func withModel(_ name: String, _ body: (_ model: any VideoModel, _ folder: URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "svgen-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.copyItem(at: Fixtures.model(name), to: folder)
    if name == "hunyuan-video" {
      for part in ["text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2"] {
        try? FileManager.default.removeItem(at: folder.appending(path: part))
        try FileManager.default.copyItem(
          at: Fixtures.model("hunyuanvideo-text-published").appending(path: part), to: folder.appending(path: part))
      }
    }
    try body(VideoModelRegistry.model(in: ModelDirectory(folder)), folder)
  }

  /// Loads what a run loads of a component.
  func load(_ component: String, of model: any VideoModel) throws {
    let device = ReferenceDevice()
    switch component {
    case "transformer": _ = try model.loadDenoiser(on: device)
    case "vae":
      _ = try model.loadDecoder(on: device)
      _ = try model.imageConditioning?.loadImageEncoder(on: device)
    default: _ = try model.loadTextEncoder(on: device)
    }
  }

  /// The files of a component's weights.
  func files(_ component: String, in folder: URL) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(
      at: folder.appending(path: component), includingPropertiesForKeys: nil
    ).filter { $0.pathExtension == "safetensors" }.sorted { $0.path < $1.path }
  }

  @Test(arguments: models) func `whole models pass`(name: String) throws {
    try withModel(name) { model, _ in
      for network in model.networks { try model.checkWeights(of: network.component) }
    }
  }

  @Test(arguments: models) func `what loading would miss the check misses, and nothing else`(name: String) throws {
    try withModel(name) { model, folder in
      for component in model.networks.map(\.component) {
        let file = try #require(try files(component, in: folder).first)
        let whole = try Data(contentsOf: file)
        // A number of tensors that the number of a layer's tensors does not divide: all kinds have their turn.
        let names = try SafetensorsFile(file).names.enumerated().filter { $0.offset % 17 == 0 }.map(\.element)
        var refused = 0
        for missing in names {
          try editHeader(of: file) { header in header[missing + "~"] = header.removeValue(forKey: missing) }
          let found = Result { try model.checkWeights(of: component) }
          let loaded = Result { try load(component, of: model) }
          switch (found, loaded) {
          case (.success, .success): break
          case (.failure(let early), .failure(let late)):
            refused += 1
            #expect("\(early)" == "\(late)")
            #expect((early as? CheckpointError)?.code == .missingTensor && "\(early)".contains(missing), "\(early)")
          default: Issue.record("\(component) without \(missing): \(found) and \(loaded)")
          }
          try whole.write(to: file)
        }
        #expect(refused > 0, "\(component)")
      }
    }
  }

  @Test(arguments: models) func `another shape and another element type are named with the file`(name: String) throws {
    try withModel(name) { model, folder in
      for component in model.networks.map(\.component) {
        let file = try #require(try files(component, in: folder).first)
        let bytes = try Data(contentsOf: file)
        // The tensors of an encoder and the last layers of a language model are not loaded by text-to-video models.
        let entry = try #require(
          try SafetensorsFile(file).header.entries.first { !$0.name.hasPrefix("encoder.") || component != "vae" })
        func error(_ key: String, _ value: Any) throws -> CheckpointError {
          try editHeader(of: file) { header in header[entry.name]?[key] = value }
          defer { try? bytes.write(to: file) }
          return try #require(throws: CheckpointError.self) { try model.checkWeights(of: component) }
        }
        let shape = try error("shape", [1] + entry.shape.dimensions)
        #expect(shape.code == .wrongShape)
        for part in [entry.name, file.lastPathComponent, "\(entry.shape)", "\(Shape([1] + entry.shape.dimensions))"] {
          #expect(shape.message.contains(part), "\(shape)")
        }
        // Whole numbers of as many bytes.
        let whole = entry.typeName == "F32" ? "I32" : "I16"
        let type = try error("dtype", whole)
        #expect(type.code == .unsupportedElementType)
        for part in [entry.name, file.lastPathComponent, whole, "BF16"] {
          #expect(type.message.contains(part), "\(type)")
        }
      }
    }
  }

  @Test func `a file that is cut short is named`() throws {
    try withModel("cogvideox-5b") { model, folder in
      for component in model.networks.map(\.component) {
        let file = try #require(try files(component, in: folder).last)
        try Data(contentsOf: file).dropLast().write(to: file)
        let error = try #require(throws: CheckpointError.self) { try model.checkWeights(of: component) }
        #expect(error.code == .truncatedFile && error.message.contains(file.lastPathComponent), "\(error)")
      }
    }
  }
}
