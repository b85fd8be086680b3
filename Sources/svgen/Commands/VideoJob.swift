import ArgumentParser
import Foundation
import SparseVideoGen

/// A video to make and where it goes.
struct VideoJob {
  let request: GenerationRequest
  let output: VideoOutput
  /// Whether the latents stay when the video is there.
  let keepsLatents: Bool
  /// The line that it is from, if it is from a list.
  let place: String?

  /// - Parameters:
  ///   - latentsPath: Where latents are kept; beside the video, until that is complete, when `nil`.
  ///   - taken: Names that other videos of the same run have.
  ///   - place: The line that it is from, if it is from a list.
  init(
    _ request: GenerationRequest, outputPath: String, latentsPath: String?, taken: Set<String> = [],
    place: String? = nil
  ) throws {
    self.place = place
    output = try VideoOutput(path: outputPath)
    if let latentsPath, (latentsPath as NSString).pathExtension != "safetensors" {
      // Also keeps latents from taking the name of the video.
      throw ValidationError("“\(latentsPath)” must end in .safetensors, the format that latents are saved in")
    }
    var request = request
    request.latentsPath = latentsPath ?? Self.latentsName(besides: outputPath, taken: taken)
    self.request = request
    keepsLatents = latentsPath != nil
  }

  /// The jobs of a run: one, or those of a list.
  static func all(
    _ video: VideoOptions, attention: AttentionOptions, prompts: String?, output: OutputOptions
  ) async throws -> [VideoJob] {
    let (choice, numbers) = (try attention.choice, attention.attentionDtype)
    guard let prompts else {
      guard video.prompt != nil else { throw ValidationError("Missing expected argument '--prompt <prompt>'") }
      let request = video.request(attention: choice, numbers: numbers)
      try request.check()
      let path = output.output ?? OutputOptions.name(prompt: request.prompt, seed: request.seed)
      return [try VideoJob(request, outputPath: path, latentsPath: output.saveLatents)]
    }
    guard video.prompt == nil else { throw ValidationError("--prompt and --prompts exclude each other") }
    for (name, value) in [("--output", output.output), ("--save-latents", output.saveLatents)] where value != nil {
      let key = name == "--output" ? "output" : "save_latents"
      throw ValidationError("\(name) is for one video; with --prompts give \"\(key)\" in each line")
    }
    var taken: [String: String] = [:]
    // The prompt of the shared request is replaced by each line's.
    let shared = video.request(prompt: "", attention: choice, numbers: numbers)
    var jobs: [VideoJob] = []
    for entry in try PromptList(path: prompts, request: shared).entries {
      let names = Set(taken.keys)
      let path =
        entry.output ?? OutputOptions.name(prompt: entry.request.prompt, seed: entry.request.seed, taken: names)
      let job = try await ListedError.naming(entry.place) {
        try VideoJob(
          entry.request, outputPath: path, latentsPath: entry.request.latentsPath, taken: names, place: entry.place)
      }
      for path in [path, job.request.latentsPath].compactMap({ $0 }) {
        if let other = taken.updateValue(entry.place, forKey: path) {
          throw ValidationError("\(entry.place): \(other) already writes \(path)")
        }
      }
      jobs.append(job)
    }
    return jobs
  }

  /// `x.latents.safetensors` for `x.mp4`, with a number where that name is taken: latents that somebody kept are neither
  /// replaced nor removed.
  private static func latentsName(besides outputPath: String, taken: Set<String>) -> String {
    let folder = outputPath[..<(outputPath.lastIndex(of: "/").map(outputPath.index(after:)) ?? outputPath.startIndex)]
    var name = (String(outputPath[folder.endIndex...]) as NSString).deletingPathExtension
    // A name has at most 255 bytes, and this one ends in more than the video's.
    while name.utf8.count > 220 { name.removeLast() }
    let stem = folder + name + ".latents"
    let names = (1...).lazy.map { "\(stem)\($0 == 1 ? "" : "-\($0)").safetensors" }
    return names.first { !taken.contains($0) && !FileManager.default.fileExists(atPath: $0) } ?? "\(stem).safetensors"
  }

  /// Removes latents that were kept only until the video was there.
  func removeLatents() {
    guard !keepsLatents, let path = request.latentsPath else { return }
    for path in [path, GenerationManifest.path(besides: path)] { try? FileManager.default.removeItem(atPath: path) }
  }
}
