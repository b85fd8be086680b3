import Attention
import Foundation
import Tensor
import Testing

@testable import Compute

/// What can be known of kernels without a GPU.
@Suite struct CUDAKernelTests {
  private let program = CUDAProgram(name: "a.cu", text: "x", headers: ["common/b.cuh": "y"])
  private let compilation = CUDACompilation(architecture: "sm_90a")

  @Test func `the key of a program changes with all that it depends on`() {
    let keys = [
      compilation.key(program, compiler: "13.0"),
      compilation.key(program, compiler: "13.1"),
      CUDACompilation(architecture: "sm_80").key(program, compiler: "13.0"),
      CUDACompilation(architecture: "sm_90a", options: ["-G"]).key(program, compiler: "13.0"),
      compilation.key(CUDAProgram(name: "a.cu", text: "xy", headers: ["common/b.cuh": ""]), compiler: "13.0"),
      compilation.key(CUDAProgram(name: "a.cu", text: "x", headers: ["common/b.cuh": "z"]), compiler: "13.0"),
      compilation.key(CUDAProgram(name: "a.cu", text: "x", headers: ["common/c.cuh": "y"]), compiler: "13.0"),
    ]
    #expect(Set(keys).count == keys.count)
    #expect(keys[0] == compilation.key(program, compiler: "13.0"))
    #expect(keys.allSatisfy { $0.count == 64 && $0.allSatisfy(\.isHexDigit) })
  }

  @Test func `what is kept comes back, and what is damaged does not`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "svgen-kernels-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let cache = CUDAKernelCache(folder: folder)
    #expect(cache.read("key") == nil)
    cache.write([1, 2, 3, 200], "key")
    #expect(cache.read("key") == [1, 2, 3, 200])
    #expect(cache.read("other") == nil)
    let file = folder.appending(path: "key.cubin")
    let whole = try Data(contentsOf: file)
    for damaged in [Data(), whole.dropLast(), whole + [0], Data(whole.reversed()), whole.prefix(20)] {
      try damaged.write(to: file)
      #expect(cache.read("key") == nil)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["key.cubin"])
  }

  @Test func `a cache that cannot be written is no error`() {
    let cache = CUDAKernelCache(folder: URL(filePath: "/proc/nowhere"))
    cache.write([1], "key")
    #expect(cache.read("key") == nil)
    #expect(CUDAKernelCache(folder: nil).read("key") == nil)
  }

  @Test func `the cache lies where the system keeps caches`() {
    #expect(CUDAKernelCache.folder(environment: ["XDG_CACHE_HOME": "/c", "HOME": "/h"])?.path == "/c/svgen/kernels")
    #expect(CUDAKernelCache.folder(environment: ["HOME": "/h"])?.path == "/h/.cache/svgen/kernels")
    #expect(CUDAKernelCache.folder(environment: [:]) == nil)
  }

  @Test func `parameters lie as a C structure has them`() {
    var parameters = CUDAParameters()
    parameters.int(-2)
    parameters.pointer(0x0102)
    parameters.float(1)
    parameters.long(3)
    #expect(
      parameters.bytes == [
        0xFE, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x3F, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0,
        0,
      ])
  }

  @Test func `launches cover everything and are never empty`() {
    #expect(CUDALaunch.elements(1, multiprocessors: 132).grid.x == 1)
    #expect(CUDALaunch.elements(257, multiprocessors: 132).grid.x == 2)
    #expect(CUDALaunch.elements(1 << 40, multiprocessors: 132).grid.x == 132 * 16)
    for (places, outputs) in [(1, 1), (128, 32), (129, 33), (1000, 130)] {
      let kernel = CUDAConvolution.kernel(channels: 8, outputs: outputs)
      let launch = CUDAConvolution.launch(places: places, outputs: outputs, blockOutputs: kernel.outputs)
      #expect(launch.grid.x * 128 >= places && (launch.grid.x - 1) * 128 < places)
      #expect(launch.grid.y * kernel.outputs >= outputs && (launch.grid.y - 1) * kernel.outputs < outputs)
    }
    #expect(CUDAConvolution.kernel(channels: 13, outputs: 3).name == "convolve_32")
    #expect(CUDAConvolution.kernel(channels: 16, outputs: 512).name == "convolve_128_aligned")
  }

  @Test func `text and video each start on a block`() {
    let layout = TokenLayout(frames: 3, tokensPerFrame: 50, textTokens: 10)
    let geometry = CUDAGeometry(layout, heads: 2, dimension: 64, blockSize: 64)
    #expect(geometry.videoRows == 192 && geometry.rows == 256)
    #expect(BlockMask<FrameMajor>(layout: layout, band: nil, blockSize: 64).blockCount * 64 == geometry.rows)
  }

  @Test func `kernels are compiled for the architecture itself on Hopper`() {
    func gpu(_ major: Int, _ minor: Int) -> CUDAProperties {
      CUDAProperties(index: 0, name: "", capability: (major, minor), memory: 0, multiprocessors: 1)
    }
    #expect(
      gpu(9, 0).architecture == "sm_90a" && gpu(8, 9).architecture == "sm_89" && gpu(10, 0).architecture == "sm_100")
    #expect(gpu(8, 0).isUsable && !gpu(7, 5).isUsable)
  }
}

/// Every kernel goes through NVIDIA's compiler, which needs no GPU.
@Suite struct CUDACompilerTests {
  static let compiler = try? CUDACompiler(search: .ofProcess)

  @Test(
    .enabled(if: compiler != nil, "NVRTC is not installed: make test does that"), arguments: CUDASource.allCases,
    ["sm_80", "sm_89", "sm_90a", "sm_100"])
  func `every kernel compiles without a warning or a spilled register`(
    source: CUDASource, architecture: String
  ) throws {
    guard source.isMeant(for: architecture) else { return }
    let compiler = try #require(Self.compiler)
    let result = try compiler.compile(
      source.program,
      CUDACompilation(architecture: architecture, options: ["--std=c++17", "--ptxas-options=-v"]))
    #expect(!result.image.isEmpty)
    #expect(result.log.contains("Used "), "the assembler says how many registers each kernel takes")
    for line in result.log.split(separator: "\n") {
      let isSpilled = line.contains("spill") && !line.contains(" 0 bytes spill stores, 0 bytes spill loads")
      #expect(!isSpilled, "\(source.rawValue), \(architecture): \(line)")
      for word in ["warning", "serialized", "ignored"] { #expect(!line.contains(word), "\(source.rawValue): \(line)") }
    }
  }

  @Test(.enabled(if: compiler != nil, "NVRTC is not installed: make test does that"))
  func `a kernel that does not compile gives the compiler's own words`() throws {
    let compiler = try #require(Self.compiler)
    let error = #expect(throws: ComputeError.self) {
      try compiler.compile(
        CUDAProgram(name: "wrong.cu", text: "__global__ void wrong() { nonsense; }", headers: [:]),
        CUDACompilation(architecture: "sm_80"))
    }
    #expect(error?.code == .libraryFailure)
    #expect(error?.message.contains("nonsense") == true)
  }
}
