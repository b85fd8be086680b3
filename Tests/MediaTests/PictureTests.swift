import Foundation
import Tensor
import TestSupport
import Testing

@testable import Media

struct PictureTests {
  /// A golden's picture, of whole numbers.
  func picture(_ goldens: Goldens, _ name: String) throws -> Picture {
    let shape = try goldens.tensor(name).shape
    return Picture(width: shape[1], height: shape[0], pixels: try goldens.integers(name).map(UInt8.init))
  }

  @Test func `a picture is resized bit for bit as Pillow 13 does with Lanczos, whichever pass comes first`() throws {
    let goldens = try Goldens("resize")
    let original = try picture(goldens, "picture")
    let names = goldens.names.filter { $0 != "picture" }
    #expect(names.count == 6)
    for name in names {
      let expected = try picture(goldens, name)
      let resized = original.resized(width: expected.width, height: expected.height)
      #expect(resized == expected, "\(name)")
    }
    #expect(original.resized(width: original.width, height: original.height) == original)
  }

  @Test(
    .enabled("ffmpeg is installed") { try await isFFmpegInstalled() },
    arguments: [
      "color.png", "gray.png", "palette.png", "translucent.png", "translucent.webp", "turned.png", "turned.webp",
    ])
  func `lossless pictures are read as Pillow reads them, upright and flattened on white`(name: String) async throws {
    let file = try PictureFile(path: Fixtures.picture(name))
    let expected = try picture(Goldens("pictures"), name)
    let read = try await file.read()
    #expect((file.width, file.height) == (expected.width, expected.height))
    #expect((read.width, read.height) == (expected.width, expected.height))
    // Pillow rounds opacity in another way than to the nearest.
    #expect(largestDifference(read, expected) <= (name.hasPrefix("translucent") ? 1 : 0))
  }

  @Test(.enabled("ffmpeg is installed") { try await isFFmpegInstalled() }, arguments: 1...8)
  func `a JPEG file is turned as its EXIF data says`(orientation: Int) async throws {
    let name = "orientation\(orientation).jpg"
    let file = try PictureFile(path: Fixtures.picture(name))
    let expected = try picture(Goldens("pictures"), name)
    let read = try await file.read()
    #expect((file.width, file.height) == (expected.width, expected.height))
    // Two decoders: the conversion of colors rounds twice.
    #expect(largestDifference(read, expected) <= 4)
    let unturned = try picture(Goldens("pictures"), "orientation1.jpg")
    #expect((unturned.pixels == expected.pixels) == (orientation == 1))
  }

  @Test(.enabled("ffmpeg is installed") { try await isFFmpegInstalled() })
  func `a lossy WebP file is read much as Pillow reads it`() async throws {
    let read = try await PictureFile(path: Fixtures.picture("lossy.webp")).read()
    let expected = try picture(Goldens("pictures"), "lossy.webp")
    let differences = zip(read.pixels, expected.pixels).map { abs(Int($0) - Int($1)) }
    // Chroma is stored at half the resolution, and enlarged in two ways.
    #expect(Double(differences.reduce(0, +)) / Double(differences.count) < 8)
  }

  private func largestDifference(_ one: Picture, _ other: Picture) -> Int {
    guard one.pixels.count == other.pixels.count else { return .max }
    return zip(one.pixels, other.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
  }

  @Test func `what is no picture is refused by name`() throws {
    let cases = [
      ("/nowhere/cat.png", "No such file"), (Fixtures.root.appending(path: "README.md").path, "PNG, JPEG or WebP"),
      (Fixtures.root.path, "it is a folder"), ("/dev/zero", "it is no regular file"),
    ]
    for (path, reason) in cases {
      let error = try #require(throws: MediaError.self) { try PictureFile(path: path) }
      #expect(error.code == .unreadablePicture)
      #expect(error.message.contains(path) && error.message.contains(reason), "\(error)")
    }
  }

  @Test(arguments: ["color.png", "orientation6.jpg", "lossy.webp", "turned.webp"])
  func `no beginning of a header is read past its end`(name: String) throws {
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: Fixtures.picture(name))))
    for count in 0..<min(bytes.count, 300) { _ = PictureHeader(Array(bytes[..<count])) }
    for place in 0..<min(120, bytes.count) {
      for value: UInt8 in [0, 1, 0x7F, 0xFF] {
        var damaged = bytes
        damaged[place] = value
        _ = PictureHeader(damaged)
      }
    }
    #expect(PictureHeader(bytes) != nil)
  }

  @Test func `a picture that claims to be enormous is refused`() throws {
    var bytes = [UInt8](try Data(contentsOf: URL(filePath: Fixtures.picture("color.png"))))
    for place in 16..<24 { bytes[place] = 0xFF }
    let path = FileManager.default.temporaryDirectory.appending(path: "svgen-\(UUID().uuidString).png").path
    try Data(bytes).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let error = try #require(throws: MediaError.self) { try PictureFile(path: path) }
    #expect(error.message.contains("too many"))
  }

  @Test(.enabled("ffmpeg is installed") { try await isFFmpegInstalled() })
  func `a picture that ends too early is refused when it is decoded`() async throws {
    let bytes = try Data(contentsOf: URL(filePath: Fixtures.picture("color.png")))
    let path = FileManager.default.temporaryDirectory.appending(path: "svgen-\(UUID().uuidString).png").path
    try bytes.prefix(bytes.count / 3).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = try PictureFile(path: path)
    let error = await #expect(throws: MediaError.self) { try await file.read() }
    #expect(error?.code == .unreadablePicture)
    #expect(error?.message.contains(path) == true)
  }
}
