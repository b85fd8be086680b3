#if canImport(Glibc)
  import Glibc
#endif

/// The bytes that can be allocated without swapping, or `nil` where the system does not say.
///
/// - SeeAlso: `MemAvailable` in <https://man7.org/linux/man-pages/man5/proc_meminfo.5.html>.
func availableMemory() -> Int? {
  #if os(Linux)
    let file = unsafe open("/proc/meminfo", O_RDONLY)
    guard file >= 0 else { return nil }
    defer { close(file) }
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 2048) { buffer, count in
      count = max(0, unsafe read(file, buffer.baseAddress, buffer.count))
    }
    let text = String(decoding: bytes, as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
  #else
    return nil
  #endif
}
