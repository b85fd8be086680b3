import Checkpoint
import Foundation
import Testing

@Suite struct ModelDirectoryTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  static let index = """
    {"_class_name": "CogVideoXPipeline", "_diffusers_version": "0.42.1", "force_zeros": true,
     "transformer": ["diffusers", "CogVideoXTransformer3DModel"], "vae": ["diffusers", "AutoencoderKLCogVideoX"],
     "feature_extractor": [null, null]}
    """

  private func open(_ text: String = index) throws -> ModelDirectory {
    try folder.write("model_index.json", text)
    try folder.write("transformer/config.json", "{}")
    return try ModelDirectory(folder.url)
  }

  @Test func `the index lists classes and folders`() throws {
    let model = try open()
    #expect(model.pipelineClass == "CogVideoXPipeline")
    #expect(model.components.map(\.name) == ["transformer", "vae"])
    let transformer = try model.component("transformer", oneOf: ["Other", "CogVideoXTransformer3DModel"])
    #expect(transformer.library == "diffusers")
    #expect(transformer.folder.path == folder.url.appendingPathComponent("transformer").path)
    try model.requirePipeline(oneOf: ["CogVideoXPipeline"])
  }

  @Test func `an unsupported class is refused with the supported ones`() throws {
    let model = try open()
    expectError(.unsupportedClass, "CogVideoXPipeline", "WanPipeline, HunyuanVideoPipeline") {
      try model.requirePipeline(oneOf: ["WanPipeline", "HunyuanVideoPipeline"])
    }
    expectError(.unsupportedClass, "\"transformer\"", "CogVideoXTransformer3DModel", "WanTransformer3DModel") {
      _ = try model.component("transformer", oneOf: ["WanTransformer3DModel"])
    }
  }

  @Test func `a component that is missing in the index or on the disk is named`() throws {
    let model = try open()
    expectError(.missingComponent, "\"scheduler\"") { _ = try model.component("scheduler", oneOf: ["X"]) }
    expectError(.missingComponent, "\"vae\"", "folder") {
      _ = try model.component("vae", oneOf: ["AutoencoderKLCogVideoX"])
    }
  }

  @Test func `a directory that is none, a file and a folder without an index are refused`() throws {
    expectError(.notAModelDirectory, "nowhere") {
      _ = try ModelDirectory(folder.url.appendingPathComponent("nowhere"))
    }
    let file = try folder.write("file", "x")
    expectError(.notAModelDirectory, "this is a file") { _ = try ModelDirectory(file) }
    expectError(.notAModelDirectory, "model_index.json") { _ = try ModelDirectory(folder.url) }
  }

  @Test(arguments: [
    ("{}", CheckpointError.Code.missingKey), (#"{"_class_name": 1}"#, .wrongType), ("[]", .wrongType),
    (#"{"_class_name": "X", "vae": ["a"]}"#, .wrongType), (#"{"_class_name": "X", "vae": [1, "b"]}"#, .wrongType),
    (#"{"_class_name": "X", "../vae": ["a", "b"]}"#, .impossibleValue),
    (#"{"_class_name": "X", "..": ["a", "b"]}"#, .impossibleValue), ("{", .invalidJSON),
  ])
  func `an index of another form is refused`(text: String, code: CheckpointError.Code) throws {
    expectError(code, "model_index.json") { _ = try open(text) }
  }

  @Test func `a path is taken as it is`() throws {
    _ = try open()
    #expect(try ModelDirectory(resolving: folder.url.path, environment: [:]).pipelineClass == "CogVideoXPipeline")
    #expect(try ModelReference("./x/y") == .directory(URL(fileURLWithPath: "./x/y")))
    #expect(try ModelReference("THUDM/CogVideoX-2b") == .repository("THUDM/CogVideoX-2b", revision: nil))
    #expect(try ModelReference("a/b@refs/pr/1") == .repository("a/b", revision: "refs/pr/1"))
  }

  @Test(arguments: [
    "", "model", "a/b/c", "a/..", "../", "a/b@", "a/b@../x", "a//b", "ä/b", "a/b@/etc", "-a/b", "a--b/c",
  ])
  func `what is neither a path nor a repository is refused`(text: String) {
    expectError(.notAModelDirectory) {
      _ = try ModelDirectory(resolving: text, environment: [:])
    }
  }

  static let commit = "0123456789abcdef0123456789abcdef01234567"

  @Test(
    arguments: [
      (["HF_HUB_CACHE": "ROOT/c", "HF_HOME": "/none"], "c"), (["HUGGINGFACE_HUB_CACHE": "ROOT/c"], "c"),
      (["HF_HUB_CACHE": "", "HF_HOME": "ROOT/h", "XDG_CACHE_HOME": "/none"], "h/hub"),
      (["XDG_CACHE_HOME": "ROOT/x", "HOME": "/none"], "x/huggingface/hub"),
      (["HOME": "ROOT"], ".cache/huggingface/hub"), (["HOME": "ROOT", "HF_HOME": "~/h"], "h/hub"),
    ] as [([String: String], String)])
  func `the cache is found by its variables`(variables: [String: String], place: String) throws {
    let environment = variables.mapValues { $0.replacingOccurrences(of: "ROOT", with: folder.url.path) }
    let model = "\(place)/models--THUDM--CogVideoX-2b"
    try folder.write("\(model)/refs/main", Self.commit + "\n")
    try folder.write("\(model)/refs/refs/pr/1", Self.commit)
    try folder.write("\(model)/snapshots/\(Self.commit)/model_index.json", Self.index)
    for revision in ["", "@main", "@refs/pr/1", "@\(Self.commit)"] {
      let found = try ModelDirectory(resolving: "THUDM/CogVideoX-2b\(revision)", environment: environment)
      #expect(found.url.path == folder.url.path + "/\(model)/snapshots/\(Self.commit)")
    }
    expectError(.notInCache, "hf download THUDM/CogVideoX-5b", "local cache") {
      _ = try ModelDirectory(resolving: "THUDM/CogVideoX-5b", environment: environment)
    }
    expectError(.notInCache, "hf download THUDM/CogVideoX-2b --revision v2") {
      _ = try ModelDirectory(resolving: "THUDM/CogVideoX-2b@v2", environment: environment)
    }
  }

  @Test func `branch, tag and commit lead through the links of the cache`() throws {
    let other = String(Self.commit.reversed())
    let model = "models--a--b"
    try folder.write("\(model)/refs/main", Self.commit)
    try folder.write("\(model)/refs/v1.0", other)
    for (commit, pipeline) in [(Self.commit, "Main"), (other, "Tagged")] {
      try folder.write("\(model)/blobs/\(pipeline)", "{\"_class_name\": \"\(pipeline)\"}")
      let snapshot = folder.url.appendingPathComponent("\(model)/snapshots/\(commit)")
      try FileManager.default.createDirectory(at: snapshot, withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(
        atPath: snapshot.path + "/model_index.json", withDestinationPath: "../../blobs/\(pipeline)")
    }
    func pipeline(_ text: String) throws -> String {
      try ModelDirectory(resolving: text, environment: ["HF_HUB_CACHE": folder.url.path]).pipelineClass
    }
    #expect(try pipeline("a/b") == "Main")
    #expect(try pipeline("a/b@main") == "Main")
    #expect(try pipeline("a/b@v1.0") == "Tagged")
    #expect(try pipeline("a/b@\(other)") == "Tagged")
    // Without the branch nobody can say which of the two is meant.
    try FileManager.default.removeItem(at: folder.url.appendingPathComponent("\(model)/refs/main"))
    expectError(.notInCache, "a/b@\(Self.commit)", "a/b@\(other)", "hf download a/b") { _ = try pipeline("a/b") }
    try FileManager.default.removeItem(at: folder.url.appendingPathComponent("\(model)/blobs/Tagged"))
    expectError(.unreadableFile, "model_index.json", "blobs/Tagged", "missing; fetch the model again") {
      _ = try pipeline("a/b@v1.0")
    }
  }

  @Test(arguments: ["", "../../../etc", "abc/def"]) func `a damaged reference is refused`(text: String) throws {
    try folder.write("models--a--b/refs/main", text)
    expectError(.notInCache, "refs/main", "hf download a/b") {
      _ = try ModelDirectory(resolving: "a/b", environment: ["HF_HUB_CACHE": folder.url.path])
    }
  }
}
