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

/// Throws where a name, or a whole path, is longer than the file system allows; a hidden name beside it would not tell.
func checkName(_ path: String) throws(Errno) {
  var status = stat()
  if unsafe lstat(path, &status) != 0, errno == ENAMETOOLONG { throw .fileNameTooLong }
}

/// Whether a path names a folder.
func isDirectory(_ path: String) -> Bool {
  var isDirectory: ObjCBool = false
  return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
}
