import Checkpoint
import Foundation
import Tensor
import Testing

@Suite struct SafetensorsFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func `tensors are views on the file, at odd addresses too`() throws {
    // One byte of another type first, so that every tensor after it is misaligned.
    var header = "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
    header += "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[1,9]},"
    header += "\"c\":{\"dtype\":\"BF16\",\"shape\":[1,2],\"data_offsets\":[9,13]},"
    header += "\"d\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[13,15]},"
    header += "\"e\":{\"dtype\":\"F32\",\"shape\":[0,7],\"data_offsets\":[15,15]},"
    header += "\"__metadata__\":{\"format\":\"pt\"}}  "
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> ($0 * 8)) }
    let data: [UInt8] = [7, 0, 0, 0x80, 0x3F, 0, 0, 0x20, 0xC0, 0x80, 0x3F, 0x20, 0xC0, 0, 0x3C]
    let file = try SafetensorsFile(try folder.write("x.safetensors", length + Array(header.utf8) + data))
    #expect(file.names.count == 5)
    #expect(file.header.metadata == ["format": "pt"])
    #expect(try file.tensor(named: "b").floats() == [1, -2.5])
    #expect(try file.tensor(named: "c").floats() == [1, -2.5])
    #expect(try file.tensor(named: "c").shape == [1, 2])
    #expect(try file.tensor(named: "d").floats() == [1])
    #expect(try file.tensor(named: "e").floats() == [])
    #expect(try file.tensor(named: "b").storage === file.tensor(named: "c").storage)
    #expect(file.entry(named: "a")?.elementType == nil)
    expectError(.unsupportedElementType, "\"a\"", "U8", "x.safetensors") { _ = try file.tensor(named: "a") }
    expectError(.missingTensor, "\"nothing\"", "x.safetensors") { _ = try file.tensor(named: "nothing") }
  }

  @Test func `a tensor keeps its values when its pages are released`() throws {
    let values = (0..<100_000).map { Float($0) * 0.5 }
    let url = folder.url.appendingPathComponent("large.safetensors")
    try SafetensorsWriter.write(["x": Tensor(values, shape: [1000, 100])], to: url)
    let tensor = try SafetensorsFile(url).tensor(named: "x")
    #expect(tensor.floats() == values)
    tensor.release()
    tensor.slice(3..<5).release()
    #expect(tensor.floats() == values)
  }

  @Test func `a file that is missing, a folder or no file is refused`() throws {
    expectError(.unreadableFile, "none.safetensors") {
      _ = try SafetensorsFile(folder.url.appendingPathComponent("none.safetensors"))
    }
    expectError(.unreadableFile, folder.url.lastPathComponent) { _ = try SafetensorsFile(folder.url) }
    expectError(.unreadableFile, "/dev/zero") { _ = try SafetensorsFile(URL(fileURLWithPath: "/dev/zero")) }
  }

  @Test(arguments: 0..<8) func `a file shorter than the length of its header is cut short`(count: Int) throws {
    let url = try folder.write("short.safetensors", [UInt8](repeating: 0, count: count))
    expectError(.truncatedFile, "short.safetensors", "\(count) bytes") { _ = try SafetensorsFile(url) }
  }

  @Test func `a file cut anywhere is refused`() throws {
    let url = folder.url.appendingPathComponent("whole.safetensors")
    try SafetensorsWriter.write(
      ["x": Tensor([1, 2, 3] as [Float], shape: [3]), "y": Tensor([4] as [Int32], shape: [1])], to: url)
    let whole = Array(try Data(contentsOf: url))
    for count in 0..<whole.count {
      let cut = try folder.write("cut.safetensors", Array(whole[..<count]))
      expectError(.truncatedFile, "cut.safetensors") { _ = try SafetensorsFile(cut) }
    }
  }

  @Test(arguments: [UInt64(100_000_001), 1 << 40, 1 << 63, .max, .max - 7])
  func `an absurd length of the header is refused`(length: UInt64) throws {
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) } + Array("{}".utf8)
    let url = try folder.write("absurd.safetensors", bytes)
    expectError(.absurdSize, "absurd.safetensors", "\(length)") { _ = try SafetensorsFile(url) }
  }

  @Test(arguments: [
    ("", CheckpointError.Code.invalidHeader), ("[]", .invalidHeader), (" {}", .invalidHeader), ("{", .invalidJSON),
    ("{}x", .invalidJSON), ("{\"x\":1}", .invalidHeader), ("{\"x\":{}}", .invalidHeader),
    ("{\"__metadata__\":[]}", .invalidHeader), ("{\"__metadata__\":{\"a\":1}}", .invalidHeader),
    ("{\"\u{0}\":1}", .invalidJSON), ("{\"x\":{\"x\":{\"x\":\(String(repeating: "[", count: 100_000))", .invalidJSON),
  ])
  func `a header of another form is refused`(header: String, code: CheckpointError.Code) throws {
    let url = try folder.safetensors(header, dataByteCount: 0)
    expectError(code, "model.safetensors") { _ = try SafetensorsFile(url) }
  }

  @Test func `a name that occurs twice is refused`() throws {
    let x = "\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}"
    let url = try folder.safetensors("{\(x),\(x)}", dataByteCount: 4)
    expectError(.invalidJSON, "\"x\"", "twice") { _ = try SafetensorsFile(url) }
  }

  @Test(
    arguments: [
      ("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]", nil),
      ("\"dtype\":\"F33\",\"shape\":[2],\"data_offsets\":[0,8]", CheckpointError.Code.unsupportedElementType),
      ("\"dtype\":32,\"shape\":[2],\"data_offsets\":[0,8]", .invalidHeader),
      ("\"shape\":[2],\"data_offsets\":[0,8]", .invalidHeader),
      ("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"more\":1", .invalidHeader),
      ("\"dtype\":\"F32\",\"data_offsets\":[0,8]", .invalidShape),
      ("\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]", .invalidShape),
      ("\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]", .invalidShape),
      ("\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]", .invalidShape),
      ("\"dtype\":\"F32\",\"shape\":[\"2\"],\"data_offsets\":[0,8]", .invalidShape),
      ("\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,8]", .invalidShape),
      ("\"dtype\":\"F32\",\"shape\":[9223372036854775807],\"data_offsets\":[0,8]", .invalidShape),
      ("\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,8]", .invalidShape),
      ("\"dtype\":\"F32\",\"shape\":[0,9223372036854775807,9],\"data_offsets\":[0,0]", .invalidShape),
      ("\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,8]", .invalidShape),
      ("\"dtype\":\"F32\",\"shape\":[2]", .invalidOffsets),
      ("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]", .invalidOffsets),
      ("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,9]", .invalidOffsets),
      ("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]", .invalidOffsets),
      ("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]", .invalidOffsets),
      ("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,9223372036854775807]", .truncatedFile),
      ("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,18446744073709551615]", .invalidOffsets),
      ("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[1,9]", .truncatedFile),
      ("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]", .invalidOffsets),
      ("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]", .unclaimedBytes),
      ("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]", .unclaimedBytes),
    ] as [(String, CheckpointError.Code?)])
  func `every field of a tensor is checked`(fields: String, code: CheckpointError.Code?) throws {
    let url = try folder.safetensors("{\"blocks.0.w\":{\(fields)}}", dataByteCount: 8)
    guard let code else {
      #expect(try SafetensorsFile(url).names == ["blocks.0.w"])
      return
    }
    expectError(code, "model.safetensors") { _ = try SafetensorsFile(url) }
    if code != .unclaimedBytes { expectError(code, "\"blocks.0.w\"") { _ = try SafetensorsFile(url) } }
  }

  @Test func `tensors that share bytes are refused`() throws {
    var header = "{\"first\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
    header += "\"second\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}"
    let url = try folder.safetensors(header, dataByteCount: 12)
    expectError(.overlappingTensors, "\"first\"", "\"second\"", "model.safetensors") { _ = try SafetensorsFile(url) }
  }
}
