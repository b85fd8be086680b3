import CCUDA
import Foundation

/// A shared library that is open for the rest of the process.
///
/// `@unchecked Sendable`: the handle never changes.
@safe
struct LoadedLibrary: @unchecked Sendable {
  /// What the linker was given.
  let path: String
  private let handle: UnsafeMutableRawPointer

  /// Opens the first of the candidates that the linker takes.
  /// - Throws: ``ComputeError`` with the code `unavailable`, with the linker's words about each file that is there.
  init(_ library: CUDALibrary, search: CUDALibrarySearch, driverMajor: Int = 13) throws(ComputeError) {
    var refusals: [String] = []
    for path in search.candidates(library, driverMajor: driverMajor) {
      Self.openCompanions(of: path, search: search)
      switch Self.open(path) {
      case .success(let handle):
        self.path = path
        unsafe self.handle = handle.address
        return
      case .failure(let refusal): if path.contains("/") { refusals.append(refusal.words) }
      }
    }
    let words = refusals.isEmpty ? "it is not in the usual places" : refusals.joined(separator: "; ")
    throw ComputeError(.unavailable, "\(library.rawValue) cannot be used: \(words); \(library.remedy)")
  }

  private struct Refusal: Error {
    let words: String
  }

  @safe private struct Handle {
    let address: UnsafeMutableRawPointer
  }

  private static func open(_ path: String) -> Result<Handle, Refusal> {
    var handle: UnsafeMutableRawPointer?
    let capacity = 1024
    let message = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      unsafe buffer.initialize(repeating: 0)
      let text = unsafe UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self)
      unsafe handle = svg_library_open(path, text, capacity)
      count = unsafe buffer.firstIndex(of: 0) ?? 0
    }
    guard let handle = unsafe handle else { return .failure(Refusal(words: String(decoding: message, as: UTF8.self))) }
    return .success(unsafe Handle(address: handle))
  }

  /// NVRTC opens a library of its own by name, and finds it only when it is open already or in the linker's places.
  private static func openCompanions(of path: String, search: CUDALibrarySearch) {
    guard path.contains("/"), path.contains("libnvrtc") else { return }
    let folder = (path as NSString).deletingLastPathComponent
    for name in search.contents(folder) where name.hasPrefix("libnvrtc-builtins.so.") {
      _ = open(folder + "/" + name)
    }
  }

  /// Fills a table of functions.
  /// - Parameter fill: The function that fills the table, takes the library, and names what is missing.
  /// - Throws: ``ComputeError`` with the code `unavailable` when the library is too old.
  func functions<Table>(
    _ fill: (UnsafeMutablePointer<Table>, UnsafeMutableRawPointer, UnsafeMutablePointer<UnsafePointer<CChar>?>) -> Bool
  ) throws(ComputeError) -> Table {
    let table = UnsafeMutablePointer<Table>.allocate(capacity: 1)
    defer { unsafe table.deallocate() }
    var missing: UnsafePointer<CChar>?
    guard unsafe fill(table, handle, &missing) else {
      let name = unsafe missing.map { unsafe String(cString: $0) } ?? "a function"
      throw ComputeError(.unavailable, "\(path) has no \(name): it is too old, install a newer version")
    }
    return unsafe table.pointee
  }
}

extension CUDALibrarySearch {
  /// The search on this machine.
  static var ofProcess: CUDALibrarySearch {
    CUDALibrarySearch(environment: ProcessInfo.processInfo.environment) { folder in
      (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }
  }
}
