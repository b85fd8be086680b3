import Foundation

#if canImport(System)
  import System
#else
  import SystemPackage
#endif

/// Renames a file, replacing what has the new name.
func rename(_ path: String, to newPath: String) throws(Errno) {
  guard unsafe Foundation.rename(path, newPath) == 0 else { throw Errno(rawValue: errno) }
}

/// Removes a file if it exists.
func remove(_ path: String) {
  _ = unsafe unlink(path)
}

/// Whether a path names a folder.
func isDirectory(_ path: String) -> Bool {
  var isDirectory: ObjCBool = false
  return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
}
