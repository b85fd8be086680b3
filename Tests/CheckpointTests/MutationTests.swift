import Foundation
import Tensor
import Testing

@testable import Checkpoint

/// Damaged files of every kind: nothing may crash, and what is accepted must be sound.
///
/// The damage is the same on every run. `SVGEN_FUZZ_SECONDS` runs each test for that long instead, from a seed that is
/// printed when something is found.
@Suite struct MutationTests {
  /// How often a test repeats, or until when.
  private struct Budget {
    private let rounds: Int
    private let end: Date?

    init(rounds: Int) {
      self.rounds = rounds
      end = ProcessInfo.processInfo.environment["SVGEN_FUZZ_SECONDS"].flatMap(Double.init)
        .map { Date(timeIntervalSinceNow: $0) }
    }

    var seed: UInt64 { end.map { UInt64($0.timeIntervalSince1970) } ?? 1 }

    func allows(_ round: Int) -> Bool { end.map { Date() < $0 } ?? (round < rounds) }
  }

  private static let headers = [
    """
    {"__metadata__":{"format":"pt","a":"\\u00e9\\ud83d\\ude00"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},
    "b.c":{"dtype":"BF16","shape":[4],"data_offsets":[24,32]},"d":{"dtype":"I64","shape":[],"data_offsets":[32,40]},
    "e":{"dtype":"F16","shape":[0,9],"data_offsets":[40,40]},"f":{"dtype":"F16","shape":[12],"data_offsets":[40,64]}}
    """,
    #"{"x":{"dtype":"F32","shape":[4,4],"data_offsets":[0,64]}}      "#,
    #"{"x":{"shape":[8],"data_offsets":[0,8],"dtype":"U8"},"y":{"shape":[7,2],"data_offsets":[8,64],"dtype":"F32"}}"#,
  ].map { Array($0.utf8) }

  @Test func `damaged safetensors files are refused or sound`() throws {
    let folder = try TemporaryFolder()
    let budget = Budget(rounds: 3000)
    var mutator = Mutator(seed: budget.seed)
    var accepted = 0
    var round = 0
    while budget.allows(round) {
      round += 1
      var header = mutator.pick(Self.headers)
      for _ in 0..<mutator.below(4) { mutator.damage(&header) }
      var length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> ($0 * 8)) }
      if mutator.below(8) == 0 { mutator.damage(&length) }
      var file = length + header + [UInt8](repeating: 0x3F, count: 64)
      if mutator.below(8) == 0 { mutator.damage(&file) }
      do {
        // Most rounds stay in memory; a file is written for some.
        if mutator.below(16) == 0 {
          try checkSound(try SafetensorsFile(try folder.write("x.safetensors", file)), file.count)
        } else {
          let json = try SafetensorsHeader.range(prefix: Array(file.prefix(8)), fileByteCount: file.count, path: "x")
          let header = try SafetensorsHeader(json: Array(file[json]), fileByteCount: file.count, path: "x")
          checkCover(header, file.count)
        }
        accepted += 1
      } catch is CheckpointError {
        continue
      } catch {
        Issue.record("seed \(budget.seed), round \(round): \(error) for \(file)")
      }
    }
    #expect(accepted > 0 && accepted < round, "\(accepted) of \(round) accepted")
  }

  /// Checks that the tensors fill the file.
  private func checkCover(_ header: SafetensorsHeader, _ byteCount: Int) {
    var position = header.entries.first?.bytes.lowerBound ?? byteCount
    for entry in header.entries {
      #expect(entry.bytes.lowerBound == position)
      position = entry.bytes.upperBound
    }
    #expect(position == byteCount)
  }

  /// Reads every tensor.
  private func checkSound(_ file: SafetensorsFile, _ byteCount: Int) throws {
    checkCover(file.header, byteCount)
    for entry in file.header.entries {
      guard let type = entry.elementType else { continue }
      let tensor = try file.tensor(named: entry.name)
      #expect(tensor.byteCount == entry.bytes.count)
      if type != .int32 { #expect(tensor.floats().count == entry.shape.count) }
      tensor.release()
    }
  }

  private static let texts = [
    #"{"_class_name":"X","a":[1,-2.5e-3,true,false,null,{"b":"\u00e9\n\ud83d\ude00"}],"sample_height":60,"list":[16,24]}"#,
    #"{"weight_map":{"a":"x.safetensors","b":"x.safetensors"},"metadata":{"total_size":12}}"#,
    #"[[[[[[["deep"]]]]]],"猫",1e308,-0,0.5]"#,
  ].map { Array($0.utf8) }

  private struct Example: Decodable {
    var sampleHeight: Int
    var list: [Int]
    var a: [String]?
  }

  @Test func `damaged JSON is refused or what Foundation reads too`() throws {
    let budget = Budget(rounds: 5000)
    var mutator = Mutator(seed: budget.seed &+ 1)
    var accepted = 0
    var round = 0
    while budget.allows(round) {
      round += 1
      var text = mutator.pick(Self.texts)
      for _ in 0..<mutator.below(5) { mutator.damage(&text) }
      do {
        let value = try JSONParser.parse(text)
        accepted += 1
        #expect(throws: Never.self, "seed \(budget.seed), round \(round): \(String(decoding: text, as: UTF8.self))") {
          if !value.hasHugeNumber {
            _ = try JSONSerialization.jsonObject(with: Data(text), options: .fragmentsAllowed)
          }
        }
        let decoder = ConfigurationDecoder(path: "x", keys: .snakeCase, value: value, place: "", codingPath: [])
        _ = try decoder.value(as: Example.self)
      } catch let failure as JSONParser.Failure {
        #expect((0...text.count).contains(failure.offset))
      } catch is CheckpointError {
        continue
      } catch {
        Issue.record("seed \(budget.seed), round \(round): \(error) for \(String(decoding: text, as: UTF8.self))")
      }
    }
    #expect(accepted > 0 && accepted < round, "\(accepted) of \(round) accepted")
  }
}

extension JSONValue {
  /// Whether a number is written that a double cannot hold, which Foundation refuses.
  fileprivate var hasHugeNumber: Bool {
    switch self {
    case .number(let text): text.utf8.count > 15 || !(Double(text)?.isFinite ?? false)
    case .array(let elements): elements.contains(where: \.hasHugeNumber)
    case .object(let members): members.contains { $0.value.hasHugeNumber }
    default: false
    }
  }
}

/// Damages bytes in the ways that break parsers: bits, cuts, repetitions, and numbers at the limits.
struct Mutator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

  /// The next number of SplitMix64.
  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(bound, 1))) }

  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

  private static let tokens: [String] = [
    "0", "1", "-1", "24", "64", "9223372036854775807", "9223372036854775808", "18446744073709551615", "4294967296",
    "1e99", "1.5", "null", "true", "\"", "\\", "\\u", "\\ud800", "{", "}", "[", "]", ",", ":", "[0,0]", "[[[[", "F4",
    "F32", "\"x\":", "\u{0}", "\n", "é", "__metadata__",
  ]

  /// Damages the bytes in one way.
  mutating func damage(_ bytes: inout [UInt8]) {
    let place = below(bytes.count + 1)
    let rest = min(below(12), bytes.count - place)
    switch below(7) {
    case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8(below(8))
    case 1 where place < bytes.count: bytes[place] = UInt8(below(256))
    case 2: bytes.removeSubrange(place..<place + rest)
    case 3: bytes.insert(contentsOf: Array(pick(Self.tokens).utf8), at: place)
    case 4: bytes.insert(contentsOf: Array(bytes[place..<place + rest]), at: below(bytes.count + 1))
    case 5:
      // Replaces a whole number, where lengths and offsets are.
      guard let start = bytes[place...].firstIndex(where: { (0x30...0x39).contains($0) }) else { return }
      let end = bytes[start...].firstIndex { !(0x30...0x39).contains($0) } ?? bytes.count
      bytes.replaceSubrange(start..<end, with: Array(pick(Self.tokens).utf8))
    default: if below(10) == 0 { bytes.removeSubrange(place...) }
    }
  }
}
