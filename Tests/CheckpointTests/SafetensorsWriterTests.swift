import Files
import Foundation
import Tensor
import Testing

@testable import Checkpoint

@Suite struct SafetensorsWriterTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func `what is written is read back`() throws {
    let url = folder.url.appendingPathComponent("x.safetensors")
    let half = Tensor([1, -2.5] as [Float], shape: [2]).converted(to: .bfloat16)
    let tensors = [
      "latents": Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [1, 2, 3]), "ids": Tensor([7] as [Int32], shape: []),
      "h": half, "h16": half.converted(to: .float16), "no \"elements\"": Tensor.host([0, 3], .float16),
    ]
    let metadata = ["prompt": "a \"cat\"\\\n\t\u{1} 猫 🐈", "empty": ""]
    try SafetensorsWriter.write(tensors, metadata: metadata, to: url)
    let file = try SafetensorsFile(url)
    #expect(file.header.metadata == metadata)
    #expect(Set(file.names) == Set(tensors.keys))
    for name in ["latents", "h", "h16", "no \"elements\""] {
      let read = try file.tensor(named: name)
      #expect(read.shape == tensors[name]?.shape)
      #expect(read.elementType == tensors[name]?.elementType)
      #expect(read.floats() == tensors[name]?.floats())
    }
    #expect(try file.tensor(named: "ids").withSpan(of: Int32.self) { $0[0] } == 7)
    #expect(file.header.entries.first.map { $0.bytes.lowerBound % 64 } == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["x.safetensors"])
  }

  @Test func `the same tensors give the same bytes, and replace what was there`() throws {
    let url = folder.url.appendingPathComponent("x.safetensors")
    var tensors = Dictionary(uniqueKeysWithValues: (0..<50).map { ("t\($0)", Tensor([Float($0)], shape: [1])) })
    try SafetensorsWriter.write(tensors, metadata: ["a": "1", "b": "2"], to: url)
    let first = try Data(contentsOf: url)
    tensors = Dictionary(uniqueKeysWithValues: tensors.reversed())
    try SafetensorsWriter.write(tensors, metadata: ["b": "2", "a": "1"], to: url)
    #expect(try Data(contentsOf: url) == first)
  }

  @Test func `a name may be as long as names can be`() throws {
    let name = String(repeating: "n", count: 243) + ".safetensors"
    try SafetensorsWriter.write(
      ["x": Tensor([1] as [Float], shape: [1])], to: folder.url.appendingPathComponent(name))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == [name])
  }

  @Test func `a folder that is missing is refused`() throws {
    let url = folder.url.appendingPathComponent("none/x.safetensors")
    let error = #expect(throws: FileError.self) {
      try SafetensorsWriter.write(["x": Tensor([1] as [Float], shape: [1])], to: url)
    }
    #expect(error?.code == .unwritable && error?.message.contains(url.path) == true)
  }

  @Test func `a place that cannot be taken is refused and nothing is left behind`() throws {
    let url = folder.url.appendingPathComponent("x.safetensors")
    // A folder that is not empty cannot be replaced by a file.
    try folder.write("x.safetensors/inner", "")
    let error = #expect(throws: FileError.self) {
      try SafetensorsWriter.write(["x": Tensor([1] as [Float], shape: [1])], to: url)
    }
    #expect(error?.code == .unwritable && error?.message.contains(url.path) == true)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["x.safetensors"])
  }

  @Test(arguments: [0, 200, 1 << 20])
  func `reserved room changes no byte of the file, and what is not needed is given back`(room: Int) throws {
    let tensors = ["x": Tensor([1, 2, 3] as [Float], shape: [3])]
    let (plain, reserved) = (folder.url.appendingPathComponent("a"), folder.url.appendingPathComponent("b"))
    try SafetensorsWriter.write(tensors, to: plain)
    try SafetensorsReservation(room, for: reserved).write(tensors)
    #expect(try Data(contentsOf: reserved) == Data(contentsOf: plain))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 2)
  }

  @Test func `room that is not used is given back with its file`() throws {
    do {
      let reservation = try SafetensorsReservation(1 << 20, for: folder.url.appendingPathComponent("x"))
      _ = consume reservation
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == [])
  }

  @Test func `room that no disk has is refused, and nothing is left behind`() throws {
    let error = #expect(throws: FileError.self) {
      _ = try SafetensorsReservation(1 << 62, for: folder.url.appendingPathComponent("x.safetensors"))
    }
    #expect(error?.code == .diskFull && error?.message.contains("x.safetensors") == true)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == [])
  }
}
