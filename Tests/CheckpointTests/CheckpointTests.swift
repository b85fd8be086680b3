import Checkpoint
import Foundation
import Tensor
import Testing

@Suite struct CheckpointTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write(_ name: String, _ names: [String]) throws {
    let tensors = names.enumerated().map { ($1, Tensor([Float($0)], shape: [1])) }
    try SafetensorsWriter.write(
      Dictionary(uniqueKeysWithValues: tensors), to: folder.url.appendingPathComponent(name))
  }

  private func open() throws -> Checkpoint { try Checkpoint(folder: folder.url, name: "model") }

  @Test func `one file is a checkpoint`() throws {
    try write("model.safetensors", ["a.weight", "a.bias"])
    let checkpoint = try open()
    #expect(checkpoint.names == ["a.bias", "a.weight"])
    #expect(checkpoint.byteCount == 8)
    #expect(try checkpoint.tensor(named: "a.bias").floats() == [1])
    #expect(checkpoint.file(of: "a.bias").lastPathComponent == "model.safetensors")
  }

  @Test func `shards and their index are a checkpoint`() throws {
    try write("model-00001-of-00002.safetensors", ["a", "b"])
    try write("model-00002-of-00002.safetensors", ["c"])
    try folder.write(
      "model.safetensors.index.json",
      """
      {"metadata": {"total_size": 12}, "weight_map": {"a": "model-00001-of-00002.safetensors",
       "c": "model-00002-of-00002.safetensors", "b": "model-00001-of-00002.safetensors"}}
      """)
    let checkpoint = try open()
    #expect(checkpoint.names == ["a", "b", "c"])
    #expect(checkpoint.byteCount == 12)
    #expect(try checkpoint.tensor(named: "b").floats() == [1])
    #expect(checkpoint.file(of: "c").lastPathComponent == "model-00002-of-00002.safetensors")
  }

  @Test func `a folder without weights is refused`() throws {
    expectError(.unreadableFile, "model.safetensors", folder.url.path) { _ = try open() }
  }

  @Test(arguments: ["model.safetensors", "model.safetensors.index.json"])
  func `a link to weights that are not there is named`(name: String) throws {
    let link = folder.url.appendingPathComponent(name)
    try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "../../blobs/0123")
    expectError(.unreadableFile, link.path, "../../blobs/0123") { _ = try open() }
  }

  @Test func `a shard that is missing is named`() throws {
    try write("one.safetensors", ["a"])
    try folder.write(
      "model.safetensors.index.json", #"{"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}"#)
    expectError(.missingShard, "two.safetensors", "model.safetensors.index.json") { _ = try open() }
  }

  @Test func `a tensor that is not in its shard is named`() throws {
    try write("one.safetensors", ["a"])
    try folder.write(
      "model.safetensors.index.json", #"{"weight_map": {"a": "one.safetensors", "b": "one.safetensors"}}"#)
    expectError(.missingTensor, "\"b\"", "one.safetensors") { _ = try open() }
  }

  @Test(arguments: [
    "../model.safetensors", "/etc/passwd", "a/b.safetensors", "..", "", "x.bin", "a\\\\b.safetensors",
    "a\\u0000.safetensors",
  ])
  func `a shard outside the folder or of another kind is refused`(name: String) throws {
    try folder.write("model.safetensors.index.json", "{\"weight_map\": {\"a\": \"\(name)\"}}")
    expectError(.invalidIndex, "model.safetensors.index.json") { _ = try open() }
  }

  @Test(arguments: [
    ("{}", CheckpointError.Code.invalidIndex), (#"{"weight_map": []}"#, .invalidIndex),
    (#"{"weight_map": {}}"#, .invalidIndex), (#"{"weight_map": {"a": 1}}"#, .invalidIndex), ("", .invalidJSON),
    (#"{"weight_map": {"a": "x.safetensors", "a": "x.safetensors"}}"#, .invalidJSON),
  ])
  func `an index of another form is refused`(text: String, code: CheckpointError.Code) throws {
    try folder.write("model.safetensors.index.json", text)
    expectError(code, "model.safetensors.index.json") { _ = try open() }
  }

  @Test func `a scope names tensors in full, checks shapes and knows what was not used`() throws {
    try SafetensorsWriter.write(
      [
        "blocks.3.attn1.to_q.weight": Tensor([1, 2] as [Float], shape: [1, 2]),
        "blocks.3.attn1.to_q.bias": Tensor([3] as [Float], shape: [1]),
        "blocks.31.x": Tensor([4] as [Float], shape: [1]),
      ], to: folder.url.appendingPathComponent("model.safetensors"))
    let checkpoint = try open()
    let scope = checkpoint.scope["blocks"][3]["attn1.to_q"]
    #expect(scope.shape(of: "weight") == [1, 2])
    #expect(checkpoint.unusedNames.count == 3)
    #expect(try scope.tensor("weight", shape: [1, 2]).floats() == [1, 2])
    #expect(try scope.optionalTensor("scale", shape: [1]) == nil)
    #expect(checkpoint.unusedNames == ["blocks.3.attn1.to_q.bias", "blocks.31.x"])
    #expect(checkpoint.scope["blocks"][3].unusedNames == ["blocks.3.attn1.to_q.bias"])
    #expect(try scope.optionalTensor("bias", shape: [1])?.floats() == [3])
    expectError(.missingTensor, "\"blocks.3.attn1.to_q.scale\"", "[5]", "model.safetensors") {
      _ = try scope.tensor("scale", shape: [5])
    }
    expectError(.wrongShape, "\"blocks.3.attn1.to_q.weight\"", "[1, 2]", "[2, 1]", "model.safetensors") {
      _ = try scope.tensor("weight", shape: [2, 1])
    }
    expectError(.wrongShape, "\"blocks.3.attn1.to_q.bias\"") { _ = try scope.optionalTensor("bias", shape: [2]) }
  }
}
