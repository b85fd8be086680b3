/// A library of NVIDIA's that the device calls.
public enum CUDALibrary: String, CaseIterable, Sendable {
  /// The driver API, which comes with the driver.
  case driver = "libcuda"
  /// NVRTC, which compiles our kernels.
  case compiler = "libnvrtc"
  /// cuBLASLt, which multiplies matrices.
  case matrixProducts = "libcublasLt"
  /// cuDNN, which convolves faster than our kernel: where it is missing, that does.
  case convolutions = "libcudnn"

  /// Whether there is no using a GPU without it.
  public var isRequired: Bool { self != .convolutions }

  /// The file names that it may have, the best first.
  /// - Parameter driverMajor: The major version of CUDA that the driver was made for: what a newer compiler makes, it may
  ///   not load.
  func fileNames(driverMajor: Int) -> [String] {
    switch self {
    case .driver: ["libcuda.so.1"]
    // The only version that has the functions and numbers that are called.
    case .convolutions: ["libcudnn.so.9"]
    case .compiler, .matrixProducts:
      [13, 12].filter { $0 <= driverMajor }.map { "\(rawValue).so.\($0)" } + ["\(rawValue).so"]
    }
  }

  /// How to get it, as the end of a sentence.
  public var remedy: String {
    switch self {
    case .driver: "install NVIDIA's driver, version 525 or later"
    case .compiler: "install the CUDA toolkit, or `pip install nvidia-cuda-nvrtc` in a Python environment on the PATH"
    case .matrixProducts: "install the CUDA toolkit, or `pip install nvidia-cublas` in a Python environment on the PATH"
    case .convolutions:
      "convolutions take our own kernel, which is several times slower; install cuDNN 9, or `pip install "
        + "nvidia-cudnn-cu13` (cu12 for a driver of CUDA 12) in a Python environment on the PATH"
    }
  }
}

/// Where libraries are looked for: a pure function of the environment and of what lies in folders.
struct CUDALibrarySearch: Sendable {
  /// The variables of the process.
  let environment: [String: String]
  /// The names of what lies in a folder; none when there is no such folder.
  let contents: @Sendable (String) -> [String]

  /// Variables that name the root of a toolkit, the strongest first.
  static let variables = ["SVGEN_CUDA_PATH", "CUDA_PATH", "CUDA_HOME"]

  /// What to hand to the linker, in order: files in the folders that variables name, plain names for the linker's own
  /// search, files of toolkits and of Python environments.
  func candidates(_ library: CUDALibrary, driverMajor: Int = 13) -> [String] {
    let names = library.fileNames(driverMajor: driverMajor)
    func files(in folders: [String]) -> [String] {
      folders.flatMap { folder in
        let present = Set(contents(folder))
        return names.filter(present.contains).map { folder + "/" + $0 }
      }
    }
    let named = Self.variables.compactMap { environment[$0] }.filter { !$0.isEmpty }.flatMap(Self.libraryFolders)
    let others = library == .driver ? ["/usr/lib/wsl/lib"] : toolkitFolders + wheelFolders
    var seen: Set<String> = []
    return (files(in: named) + names + files(in: others)).filter { seen.insert($0).inserted }
  }

  /// The folders of a toolkit that may hold libraries.
  private static func libraryFolders(_ root: String) -> [String] {
    [root + "/lib64", root + "/lib", root + "/targets/x86_64-linux/lib", root + "/targets/sbsa-linux/lib", root]
  }

  /// `/usr/local/cuda` and its versions, the newest first.
  private var toolkitFolders: [String] {
    let roots = contents("/usr/local").filter { $0 == "cuda" || $0.hasPrefix("cuda-") }
    func version(_ name: String) -> [Int] { name.dropFirst(5).split(separator: ".").map { Int($0) ?? 0 } }
    let ordered = roots.sorted { one, other in
      if one == "cuda" || other == "cuda" { return one == "cuda" && other != "cuda" }
      return other.isEmpty ? false : version(other).lexicographicallyPrecedes(version(one))
    }
    return ordered.flatMap { Self.libraryFolders("/usr/local/" + $0) }
  }

  /// The folders of the `nvidia` wheels in the Python environments that are active or on the PATH.
  private var wheelFolders: [String] {
    let active = ["VIRTUAL_ENV", "CONDA_PREFIX"].compactMap { environment[$0] }
    let path = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    let onPath = path.filter { contents($0).contains { $0 == "python3" || $0 == "python" } }.map { $0 + "/.." }
    let user = environment["HOME"].map { [$0 + "/.local"] } ?? []
    // Debian's Python looks for what pip installed beneath /usr/local, wherever it lies itself.
    return (active + onPath + user + ["/usr/local"]).flatMap { root in
      ["lib", "lib64"].flatMap { library in
        contents("\(root)/\(library)").filter { $0.hasPrefix("python3") }.flatMap { version in
          ["site-packages", "dist-packages"].flatMap { packages in
            let wheels = "\(root)/\(library)/\(version)/\(packages)/nvidia"
            return contents(wheels).sorted(by: >).map { "\(wheels)/\($0)/lib" }
          }
        }
      }
    }
  }
}
