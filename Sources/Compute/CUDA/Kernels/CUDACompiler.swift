import CCUDA

/// NVRTC, NVIDIA's run-time compiler.
///
/// `@unchecked Sendable`: the table is filled once and then only read, and NVRTC may be called from many threads.
final class CUDACompiler: @unchecked Sendable {
  private let functions: svg_nvrtc
  /// Where the library was found.
  let path: String
  /// For example `13.0`.
  let version: String

  /// What compiling gave.
  struct Result {
    /// Machine code for one architecture.
    let image: [UInt8]
    /// What the compiler had to say.
    let log: String
  }

  /// Opens the compiler.
  /// - Throws: ``ComputeError`` with the code `unavailable` when there is none.
  convenience init(search: CUDALibrarySearch, driverMajor: Int = 13) throws(ComputeError) {
    let library = try LoadedLibrary(.compiler, search: search, driverMajor: driverMajor)
    self.init(functions: try unsafe library.functions(svg_nvrtc_load), path: library.path)
  }

  /// Wraps a compiler whose functions are known.
  init(functions: svg_nvrtc, path: String) {
    self.functions = functions
    self.path = path
    var (major, minor): (Int32, Int32) = (0, 0)
    _ = unsafe functions.nvrtcVersion(&major, &minor)
    version = "\(major).\(minor)"
  }

  /// Compiles a program.
  /// - Throws: ``ComputeError`` with the code `libraryFailure` and the compiler's log.
  func compile(_ program: CUDAProgram, _ compilation: CUDACompilation) throws(ComputeError) -> Result {
    let includes = program.includes
    var handle: UnsafeMutableRawPointer?
    let made = unsafe withCStrings(includes.map(\.text)) { texts in
      unsafe withCStrings(includes.map(\.name)) { names in
        unsafe functions.nvrtcCreateProgram(
          &handle, program.text, program.name, Int32(includes.count), texts, names)
      }
    }
    guard made == 0 else { throw failure(made, program.name, log: "") }
    let program = unsafe CUDAHandle(handle)
    defer { _ = unsafe functions.nvrtcDestroyProgram(&handle) }
    let status = unsafe withCStrings(compilation.allOptions) {
      unsafe functions.nvrtcCompileProgram(program.pointer, Int32(compilation.allOptions.count), $0)
    }
    let log = String(
      decoding: unsafe bytes(program, functions.nvrtcGetProgramLogSize, functions.nvrtcGetProgramLog).prefix {
        $0 != 0
      },
      as: UTF8.self)
    let name = "kernels for \(compilation.architecture)"
    guard status == 0 else { throw failure(status, name, log: log) }
    let image = unsafe bytes(program, functions.nvrtcGetCUBINSize, functions.nvrtcGetCUBIN)
    guard !image.isEmpty else { throw failure(status, name, log: "there is no machine code. " + log) }
    return Result(image: image, log: log)
  }

  private func bytes(
    _ program: CUDAHandle, _ size: (UnsafeMutableRawPointer, UnsafeMutablePointer<Int>) -> Int32,
    _ read: (UnsafeMutableRawPointer, UnsafeMutablePointer<CChar>) -> Int32
  ) -> [UInt8] {
    var count = 0
    guard unsafe size(program.pointer, &count) == 0, count > 0 else { return [] }
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      let target = unsafe UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self)
      initialized = unsafe read(program.pointer, target) == 0 ? count : 0
    }
  }

  private func failure(_ status: Int32, _ name: String, log: String) -> ComputeError {
    let words = unsafe String(cString: functions.nvrtcGetErrorString(status))
    return ComputeError(.libraryFailure, "NVRTC \(version) cannot compile \(name): \(words)\n\(log)")
  }
}

/// Calls `body` with the addresses of texts with closing zeros.
private func withCStrings<Result>(
  _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Result
) -> Result {
  // All texts in one array, so that no pointer outlives what it points to.
  var bytes: [CChar] = []
  var starts: [Int] = []
  for text in texts {
    starts.append(bytes.count)
    bytes += text.utf8CString
  }
  return unsafe bytes.withUnsafeBufferPointer { buffer in
    return unsafe starts.map { start in unsafe buffer.baseAddress.map { unsafe $0 + start } }
      .withUnsafeBufferPointer { unsafe body($0.baseAddress) }
  }
}
