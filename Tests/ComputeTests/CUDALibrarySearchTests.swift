import Testing

@testable import Compute

/// Where libraries are looked for, on machines that a list of folders describes.
@Suite struct CUDALibrarySearchTests {
  private func search(_ files: [String], _ environment: [String: String] = [:]) -> CUDALibrarySearch {
    CUDALibrarySearch(environment: environment) { folder in
      // As a file system would: the names right under a folder, whether files or folders.
      let prefix = Self.plain(folder) + "/"
      return Set(
        files.filter { $0.hasPrefix(prefix) }.compactMap { $0.dropFirst(prefix.count).split(separator: "/").first }
      ).map(String.init)
    }
  }

  /// A path without `/x/..`.
  private static func plain(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") { if part == ".." { parts.removeLast() } else { parts.append(part) } }
    return "/" + parts.joined(separator: "/")
  }

  @Test func `a variable comes before the linker's own search, and that before toolkits and wheels`() {
    let wheels = "/env/lib/python3.12/site-packages/nvidia/cu13/lib"
    let search = search(
      [
        "/opt/cuda/lib64/libnvrtc.so.13", "/usr/local/cuda-12.4/lib64/libnvrtc.so.12",
        "/usr/local/cuda-13.0/lib64/libnvrtc.so.13", "/usr/local/cuda/lib64/libnvrtc.so.13",
        wheels + "/libnvrtc.so.13",
      ], ["CUDA_HOME": "/opt/cuda", "VIRTUAL_ENV": "/env"])
    #expect(
      search.candidates(.compiler) == [
        "/opt/cuda/lib64/libnvrtc.so.13", "libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so",
        "/usr/local/cuda/lib64/libnvrtc.so.13", "/usr/local/cuda-13.0/lib64/libnvrtc.so.13",
        "/usr/local/cuda-12.4/lib64/libnvrtc.so.12", wheels + "/libnvrtc.so.13",
      ])
  }

  @Test func `our own variable is the strongest`() {
    let search = search(
      ["/a/lib/libcublasLt.so.12", "/b/lib64/libcublasLt.so.13"], ["SVGEN_CUDA_PATH": "/a", "CUDA_PATH": "/b"])
    #expect(
      search.candidates(.matrixProducts).prefix(2) == ["/a/lib/libcublasLt.so.12", "/b/lib64/libcublasLt.so.13"])
  }

  @Test func `wheels are found through the Python on the PATH`() {
    let file = "/home/me/env/lib/python3.11/site-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.12"
    let search = search(["/home/me/env/bin/python3", file], ["PATH": "/usr/games:/home/me/env/bin"])
    #expect(search.candidates(.compiler).map(Self.comparable).contains(file))
  }

  @Test func `cuDNN is found in a wheel of its own, and is nothing that a GPU cannot do without`() {
    let file = "/env/lib/python3.12/site-packages/nvidia/cudnn/lib/libcudnn.so.9"
    let search = search([file], ["VIRTUAL_ENV": "/env"])
    #expect(search.candidates(.convolutions, driverMajor: 12) == ["libcudnn.so.9", file])
    #expect(CUDALibrary.allCases.filter { !$0.isRequired } == [.convolutions])
  }

  private static func comparable(_ path: String) -> String { path.contains("/") ? plain(path) : path }

  @Test func `a library that is newer than the driver is left alone`() {
    let search = search(["/usr/local/cuda/lib64/libnvrtc.so.13", "/usr/local/cuda/lib64/libnvrtc.so.12"])
    #expect(
      search.candidates(.compiler, driverMajor: 12) == [
        "libnvrtc.so.12", "libnvrtc.so", "/usr/local/cuda/lib64/libnvrtc.so.12",
      ])
  }

  @Test func `the driver is the linker's, or that of Windows beneath Linux`() {
    #expect(
      search(["/usr/lib/wsl/lib/libcuda.so.1"]).candidates(.driver) == [
        "libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1",
      ])
  }

  @Test func `a library that is missing is named, with the way to get it`() {
    let nowhere = CUDALibrarySearch(environment: [:]) { _ in [] }
    let system = CUDASystem(search: CUDALibrarySearch(environment: ["CUDA_HOME": "/"]) { _ in [] })
    #expect(system.libraries.map(\.library) == CUDALibrary.allCases)
    let file = CUDALibrarySearch(environment: ["CUDA_HOME": "/x"]) { $0 == "/x" ? ["libnvrtc.so.13"] : [] }
    #expect(file.candidates(.compiler).first == "/x/libnvrtc.so.13")
    guard !nowhere.candidates(.compiler).isEmpty, system.libraries[1].path == nil else { return }
    #expect(system.libraries[1].problem?.contains("pip install nvidia-cuda-nvrtc") == true)
  }
}
