import CCUDA

/// What there is of NVIDIA on this machine: for reports, and for choosing a device.
public struct CUDASystem: Sendable {
  /// A library, where it was found or why it cannot be used.
  public struct Library: Sendable {
    /// Which one.
    public let library: CUDALibrary
    /// Where it was found; `nil` when it cannot be used.
    public let path: String?
    /// Its version, where it says one.
    public let version: String?
    /// Why it cannot be used, and how to get it.
    public let problem: String?
  }

  /// The GPUs, usable or not.
  public let gpus: [CUDAProperties]
  /// The libraries.
  public let libraries: [Library]

  /// Examines this machine; no GPU is taken into use.
  public init() {
    self.init(search: .ofProcess)
  }

  init(search: CUDALibrarySearch) {
    var gpus: [CUDAProperties] = []
    var libraries: [Library] = []
    var driverMajor = 13
    func examine(_ library: CUDALibrary, _ open: () throws -> (path: String, version: String?)) {
      do {
        let found = try open()
        libraries.append(Library(library: library, path: found.path, version: found.version, problem: nil))
      } catch {
        libraries.append(Library(library: library, path: nil, version: nil, problem: "\(error)"))
      }
    }
    examine(.driver) {
      let driver = try CUDADriver(search: search)
      driverMajor = driver.version / 1000
      gpus = (0..<driver.deviceCount).compactMap { try? CUDAProperties(driver, index: $0) }
      return (driver.path, "CUDA \(driverMajor).\(driver.version % 1000 / 10)")
    }
    examine(.compiler) {
      let compiler = try CUDACompiler(search: search, driverMajor: driverMajor)
      return (compiler.path, compiler.version)
    }
    var productsVersion = 0
    examine(.matrixProducts) {
      let library = try LoadedLibrary(.matrixProducts, search: search, driverMajor: driverMajor)
      productsVersion = unsafe try library.functions(svg_cublaslt_load).cublasLtGetVersion()
      return (library.path, "\(productsVersion / 10_000).\(productsVersion % 10_000 / 100).\(productsVersion % 100)")
    }
    examine(.convolutions) {
      let library = try LoadedLibrary(.convolutions, search: search, driverMajor: driverMajor)
      let functions = unsafe try library.functions(svg_cudnn_load)
      try CUDAConvolutions.requireSameCUDA(
        functions.cudnnGetCudartVersion(), path: library.path, productsVersion: productsVersion)
      return (library.path, CUDAConvolutions.words(version: functions.cudnnGetVersion()))
    }
    self.gpus = gpus
    self.libraries = libraries
  }

  /// Whether a GPU and everything that it needs are there.
  public var isUsable: Bool {
    gpus.contains(where: \.isUsable) && libraries.allSatisfy { $0.problem == nil || !$0.library.isRequired }
  }

  /// The first GPU that can be used.
  public var firstUsable: CUDAProperties? { isUsable ? gpus.first(where: \.isUsable) : nil }
}
