import Checkpoint
import Files

/// A file with one video to make on each line: a JSON object with the key `prompt` and, where they differ from the
/// request that is given for all, `negative_prompt`, `image`, `seed`, `steps`, `guidance`, `width`, `height`, `frames`,
/// `output` and `save_latents`. Empty lines are skipped.
public struct PromptList: Sendable {
  /// One video.
  public struct Entry: Sendable, Hashable {
    /// The request.
    public var request: GenerationRequest
    /// Where the video goes, if the line says so.
    public var output: String?
    /// The file and its line, from 1, for example `list.jsonl:3`.
    public var place: String
    /// The keys of the line: what it says itself.
    public var keys: Set<String>
  }

  /// The videos in the order of the lines.
  public let entries: [Entry]

  /// The keys that a line may have.
  static let keys = [
    "prompt", "negative_prompt", "image", "seed", "steps", "guidance", "true_guidance", "width", "height", "frames",
    "output",
    "save_latents",
  ]

  /// Reads a list.
  /// - Parameter request: What the lines do not say.
  /// - Throws: ``GenerationError`` with the code `invalidPromptList`, naming the file and the line.
  public init(path: String, request: GenerationRequest) throws {
    let bytes = try Self.read(path)
    var entries: [Entry] = []
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() where line.contains(where: { ![0x20, 0x09, 0x0D].contains($0) }) {
      let place = "\(path):\(index + 1)"
      entries.append(try Self.entry(Array(line), at: place, request: request))
    }
    guard !entries.isEmpty else {
      throw GenerationError(
        .invalidPromptList, "\(path): there is no prompt; each line is an object such as {\"prompt\": \"a red circle\"}"
      )
    }
    self.entries = entries
  }

  private static func read(_ path: String) throws -> [UInt8] {
    do {
      return try FileBytes.read(path, limit: 1 << 26, acceptsPipes: true)
    } catch {
      throw GenerationError(
        .invalidPromptList,
        "\(error.message); give a text file with one JSON object, such as {\"prompt\": \"a red circle\"}, on each line",
        cause: error)
    }
  }

  private static func entry(
    _ bytes: [UInt8], at place: String, request: GenerationRequest
  ) throws -> Entry {
    func failure(_ message: String, cause: (any Error)? = nil) -> GenerationError {
      GenerationError(.invalidPromptList, "\(place): \(message)", cause: cause)
    }
    let value: JSONValue
    do {
      value = try JSONParser.parse(bytes)
    } catch {
      throw failure("the line is no valid JSON: \(error)", cause: error)
    }
    guard let object = value.object else {
      throw failure("each line must be an object such as {\"prompt\": \"a red circle\"}, not \(value.summary)")
    }
    var entry = Entry(request: request, output: nil, place: place, keys: Set(object.keys))
    var hasPrompt = false
    for (key, value) in object {
      func required<Value>(_ converted: Value?, _ kind: String) throws -> Value {
        guard let converted else { throw failure("\"\(key)\" must be \(kind), not \(value.summary)") }
        return converted
      }
      switch key {
      case "prompt": (entry.request.prompt, hasPrompt) = (try required(value.string, "a string"), true)
      case "negative_prompt": entry.request.negativePrompt = try required(value.string, "a string")
      case "image": entry.request.imagePath = try required(value.string, "a string")
      case "seed":
        entry.request.seed = try required(value.int.flatMap { UInt64(exactly: $0) }, "an integer from 0 on")
      case "steps": entry.request.steps = try required(value.int, "an integer")
      case "guidance": entry.request.guidance = Float(try required(value.double, "a number"))
      case "true_guidance": entry.request.trueGuidance = Float(try required(value.double, "a number"))
      case "width": entry.request.width = try required(value.int, "an integer")
      case "height": entry.request.height = try required(value.int, "an integer")
      case "frames": entry.request.frames = try required(value.int, "an integer")
      case "output": entry.output = try required(value.string, "a string")
      case "save_latents": entry.request.latentsPath = try required(value.string, "a string")
      default: throw failure("there is no key \"\(key)\"; the keys are \(keys.joined(separator: ", "))")
      }
    }
    guard hasPrompt else { throw failure("there is no \"prompt\"") }
    do {
      try entry.request.check()
    } catch let error as GenerationError {
      throw failure(error.message, cause: error)
    }
    return entry
  }
}
