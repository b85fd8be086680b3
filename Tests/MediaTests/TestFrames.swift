import Foundation

@testable import Media

/// A small video in which every pixel differs from its neighbors.
func testFrames(width: Int = 64, height: Int = 48, count: Int = 5) -> VideoFrames {
  var pixels: [UInt8] = []
  for frame in 0..<count {
    for y in 0..<height {
      for x in 0..<width {
        pixels += [UInt8(x * 4 % 256), UInt8((y * 5 + frame * 8) % 256), UInt8((x + y + 30 * frame) % 256)]
      }
    }
  }
  return VideoFrames(width: width, height: height, count: count, framesPerSecond: 8, pixels: pixels)
}

/// A folder that lasts as long as a test.
func withTemporaryFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "media-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder.path)
}

/// The names of all files in a folder, hidden ones included.
func files(in folder: String) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}
