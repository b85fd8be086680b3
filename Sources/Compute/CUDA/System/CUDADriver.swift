import CCUDA

/// The driver API.
///
/// `@unchecked Sendable`: the table is filled once and then only read.
@safe
final class CUDADriver: @unchecked Sendable {
  /// The functions.
  let functions: svg_cuda_driver
  /// Where the library was found.
  let path: String
  /// The version of CUDA that the driver was made for, for example 13000.
  let version: Int

  /// Opens and starts the driver.
  /// - Throws: ``ComputeError`` with the code `unavailable` when there is none, or no GPU that it can use.
  convenience init(search: CUDALibrarySearch) throws(ComputeError) {
    let library = try LoadedLibrary(.driver, search: search)
    try self.init(functions: unsafe library.functions(svg_cuda_driver_load), path: library.path)
  }

  /// Starts a driver whose functions are known.
  init(functions: svg_cuda_driver, path: String) throws(ComputeError) {
    self.functions = functions
    self.path = path
    let status = functions.cuInit(0)
    var version: Int32 = 0
    _ = unsafe functions.cuDriverGetVersion(&version)
    self.version = Int(version)
    guard status == 0 else {
      throw ComputeError(.unavailable, "the CUDA driver \(path) does not start: \(words(status))")
    }
  }

  /// How many GPUs the driver offers.
  var deviceCount: Int {
    var count: Int32 = 0
    return unsafe functions.cuDeviceGetCount(&count) == 0 ? Int(count) : 0
  }

  /// What the driver calls an error, for example `CUDA_ERROR_INVALID_VALUE (invalid argument)`.
  func words(_ status: Int32) -> String {
    var (name, text): (UnsafePointer<CChar>?, UnsafePointer<CChar>?) = (nil, nil)
    _ = unsafe functions.cuGetErrorName(status, &name)
    _ = unsafe functions.cuGetErrorString(status, &text)
    guard let name = unsafe name, let text = unsafe text else { return "error \(status)" }
    return unsafe "\(String(cString: name)) (\(String(cString: text)))"
  }

  /// Throws when the driver reports a failure.
  func check(_ status: Int32, _ what: @autoclosure () -> String) throws(ComputeError) {
    guard status != 0 else { return }
    throw ComputeError(
      status == Self.outOfMemory ? .outOfMemory : .libraryFailure, "CUDA failed while \(what()): \(words(status))")
  }

  /// `CUDA_ERROR_OUT_OF_MEMORY`.
  static let outOfMemory: Int32 = 2
}
