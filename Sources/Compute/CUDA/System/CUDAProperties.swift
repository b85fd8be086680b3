import CCUDA

/// What a GPU is.
public struct CUDAProperties: Hashable, Sendable {
  /// Its number, from 0.
  public let index: Int
  /// For example `NVIDIA H100 80GB HBM3`.
  public let name: String
  /// The major and minor number of its compute capability, for example 9 and 0.
  public let capability: (major: Int, minor: Int)
  /// Its memory in bytes.
  public let memory: Int
  /// Its multiprocessors.
  public let multiprocessors: Int

  /// What kernels are compiled for: `sm_90a` on Hopper, whose matrix instructions need the architecture itself, else the
  /// capability.
  public let architecture: String

  private static func architecture(_ capability: (major: Int, minor: Int)) -> String {
    capability == (9, 0) ? "sm_90a" : "sm_\(capability.major)\(capability.minor)"
  }

  /// Whether it multiplies bfloat16 and copies to shared memory without registers: from Ampere on.
  public var isUsable: Bool { capability.major >= 8 }

  /// Whether two values describe the same GPU.
  public static func == (one: CUDAProperties, other: CUDAProperties) -> Bool {
    one.index == other.index && one.name == other.name && one.capability == other.capability
      && one.memory == other.memory && one.multiprocessors == other.multiprocessors
  }

  /// Hashes the number and the name.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(index)
    hasher.combine(name)
  }

  /// Describes a GPU, for tests too.
  public init(index: Int, name: String, capability: (major: Int, minor: Int), memory: Int, multiprocessors: Int) {
    self.index = index
    self.name = name
    self.capability = capability
    architecture = Self.architecture(capability)
    self.memory = memory
    self.multiprocessors = multiprocessors
  }

  /// Asks the driver.
  init(_ driver: CUDADriver, index: Int) throws(ComputeError) {
    let what = "examining GPU \(index)"
    var handle: Int32 = 0
    try driver.check(unsafe driver.functions.cuDeviceGet(&handle, Int32(index)), what)
    func attribute(_ number: Int32) throws(ComputeError) -> Int {
      var value: Int32 = 0
      try driver.check(unsafe driver.functions.cuDeviceGetAttribute(&value, number, handle), what)
      return Int(value)
    }
    var bytes = 0
    try driver.check(unsafe driver.functions.cuDeviceTotalMem(&bytes, handle), what)
    let name = unsafe [UInt8](unsafeUninitializedCapacity: 256) { buffer, count in
      unsafe buffer.initialize(repeating: 0)
      let text = unsafe UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self)
      _ = unsafe driver.functions.cuDeviceGetName(text, 256, handle)
      count = unsafe buffer.firstIndex(of: 0) ?? 0
    }
    self.index = index
    self.name = String(decoding: name, as: UTF8.self)
    // The numbers of `CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR`, `…_MINOR` and `…_MULTIPROCESSOR_COUNT`.
    capability = (try attribute(75), try attribute(76))
    architecture = Self.architecture(capability)
    multiprocessors = try attribute(16)
    memory = bytes
  }
}
