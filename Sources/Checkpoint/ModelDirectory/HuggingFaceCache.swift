import Foundation

/// The local cache of the Hugging Face hub, read by its documented rules; nothing is downloaded.
///
/// A repository lies in `models--ORG--NAME`; `refs/REVISION` holds the commit of a branch or tag and
/// `snapshots/COMMIT` the files. Source: <https://huggingface.co/docs/huggingface_hub/guides/manage-cache> and
/// <https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables>.
public struct HuggingFaceCache: Hashable, Sendable {
  /// The folder that holds the repositories.
  public let folder: URL

  /// Finds the cache: `HF_HUB_CACHE` (or its old name `HUGGINGFACE_HUB_CACHE`), else `hub` below `HF_HOME`, else
  /// `huggingface/hub` below `XDG_CACHE_HOME`, else below `~/.cache`.
  /// - Parameter environment: The environment variables; an empty one counts as not set.
  public init(environment: [String: String]) {
    let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
    func path(_ name: String) -> URL? {
      guard let text = environment[name], !text.isEmpty else { return nil }
      let isHome = text == "~" || text.hasPrefix("~/")
      return URL(fileURLWithPath: isHome ? home + text.dropFirst() : text, isDirectory: true)
    }
    if let cache = path("HF_HUB_CACHE") ?? path("HUGGINGFACE_HUB_CACHE") {
      folder = cache
    } else if let home = path("HF_HOME") {
      folder = home.appendingPathComponent("hub", isDirectory: true)
    } else {
      let caches = path("XDG_CACHE_HOME") ?? URL(fileURLWithPath: "\(home)/.cache", isDirectory: true)
      folder = caches.appendingPathComponent("huggingface/hub", isDirectory: true)
    }
  }

  /// The files of a repository.
  /// - Parameters:
  ///   - repository: `org/name`.
  ///   - revision: A branch, tag, pull request or full commit; `nil` is `main`.
  /// - Throws: ``CheckpointError`` with code `notInCache`, with the command that fetches the model.
  public func snapshot(of repository: String, revision: String?) throws(CheckpointError) -> URL {
    let model = folder.appendingPathComponent("models--" + repository.replacingOccurrences(of: "/", with: "--"))
    let name = revision ?? "main"
    var commit = name
    let reference = model.appendingPathComponent("refs/\(name)")
    if let text = try? String(contentsOf: reference, encoding: .utf8) {
      let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
      guard !trimmed.isEmpty, trimmed.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) else {
        throw CheckpointError(
          .notInCache, "\(reference.path): the cache is damaged, this holds no commit; \(fetch(repository, revision)).")
      }
      commit = trimmed
    }
    let snapshot = model.appendingPathComponent("snapshots/\(commit)", isDirectory: true)
    var isDirectory: ObjCBool = false
    guard unsafe FileManager.default.fileExists(atPath: snapshot.path, isDirectory: &isDirectory), isDirectory.boolValue
    else {
      let commits = Self.commits(of: model)
      if revision == nil, !commits.isEmpty, !FileManager.default.fileExists(atPath: reference.path) {
        throw CheckpointError(
          .notInCache,
          "The local cache \(folder.path) does not say which commit of \(repository) is the main branch: name one, as in "
            + "\(commits.map { "\(repository)@\($0)" }.joined(separator: " or ")); or \(fetch(repository, revision)).")
      }
      let named = revision.map { " at revision \($0)" } ?? ""
      throw CheckpointError(
        .notInCache,
        "The model \(repository)\(named) is not in the local cache \(folder.path); \(fetch(repository, revision)).")
    }
    return snapshot
  }

  /// The commits whose files are in the cache.
  private static func commits(of model: URL) -> [String] {
    let names = try? FileManager.default.contentsOfDirectory(atPath: model.appendingPathComponent("snapshots").path)
    return (names ?? []).filter { !$0.hasPrefix(".") }.sorted()
  }

  private func fetch(_ repository: String, _ revision: String?) -> String {
    "fetch it with: hf download \(repository)" + (revision.map { " --revision \($0)" } ?? "")
  }
}
