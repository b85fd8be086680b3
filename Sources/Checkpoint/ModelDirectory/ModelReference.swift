import Foundation

/// How a person names a model: a directory, or a repository in the local Hugging Face cache.
public enum ModelReference: Hashable, Sendable {
  /// A directory of this machine.
  case directory(URL)
  /// A repository: `org/name`, with a branch, tag, pull request or commit; `nil` is the main branch.
  case repository(String, revision: String?)

  /// Reads what a person typed: what exists on the disk, or looks like a path, is a directory.
  ///
  /// Everything else of the form `org/name` or `org/name@revision` names a repository.
  /// - Throws: ``CheckpointError`` with code `notAModelDirectory` when it is neither.
  public init(_ text: String) throws(CheckpointError) {
    let isPath = text.hasPrefix("/") || text.hasPrefix("./") || text.hasPrefix("../") || text == "." || text == ".."
    if !text.isEmpty, isPath || FileManager.default.fileExists(atPath: text) {
      self = .directory(URL(fileURLWithPath: text))
      return
    }
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let repository = String(parts[0])
    let revision = parts.count == 2 ? String(parts[1]) : nil
    guard Self.isRepository(repository), revision.map(Self.isRevision) ?? true else {
      throw CheckpointError(
        .notAModelDirectory,
        "\"\(text.prefix(200))\" is neither an existing directory nor a repository of the form org/name[@revision].")
    }
    self = .repository(repository, revision: revision)
  }

  /// Whether the text is `org/name` in the characters that the hub allows.
  private static func isRepository(_ text: String) -> Bool {
    let names = text.split(separator: "/", omittingEmptySubsequences: false)
    return names.count == 2
      && names.allSatisfy { name in
        !name.isEmpty && name.count <= 96 && name.first != "." && name.first != "-" && !name.contains("..")
          && !name.contains("--")
          && name.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789-_.".unicodeScalars.contains(scalar))
          }
      }
  }

  /// Whether the text can be part of a path below `refs` without leaving it.
  private static func isRevision(_ text: String) -> Bool {
    let names = text.split(separator: "/", omittingEmptySubsequences: false)
    return names.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && !$0.contains("\0") && !$0.contains("\\") }
  }
}
