import Files
import Foundation

/// Compiled programs on the disk: one file for each key, written beside its place and renamed.
///
/// A file is a line that names the format, the digest of the machine code, and the machine code. One that is damaged
/// counts as missing. A cache that cannot be written is no error: the next run compiles again.
struct CUDAKernelCache: Sendable {
  /// Where the files lie, or `nil` for no cache.
  let folder: URL?

  /// `$XDG_CACHE_HOME/svgen/kernels`, or `~/.cache/svgen/kernels`.
  ///
  /// - SeeAlso: <https://specifications.freedesktop.org/basedir-spec/latest/>.
  static func folder(environment: [String: String]) -> URL? {
    if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") {
      return URL(filePath: cache).appending(path: "svgen/kernels")
    }
    guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
    return URL(filePath: home).appending(path: ".cache/svgen/kernels")
  }

  private static let format = Array("svgen kernels 2\n".utf8)

  private func file(_ key: String) -> URL? { folder?.appending(path: key + ".cubin") }

  /// The machine code under a key; `nil` when there is none, or the file is damaged.
  func read(_ key: String) -> [UInt8]? {
    guard let file = file(key), let data = try? Data(contentsOf: file) else { return nil }
    let bytes = [UInt8](data)
    guard bytes.starts(with: Self.format), bytes.count > Self.format.count + 64 else { return nil }
    let image = Array(bytes[(Self.format.count + 64)...])
    let digest = bytes[Self.format.count..<Self.format.count + 64]
    return digest.elementsEqual(SHA256.hexadecimalDigest(of: image).utf8) ? image : nil
  }

  /// Keeps machine code under a key.
  func write(_ image: [UInt8], _ key: String) {
    guard let folder, let file = file(key) else { return }
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try? Data(Self.format + Array(SHA256.hexadecimalDigest(of: image).utf8) + image).write(to: file, options: .atomic)
  }
}
