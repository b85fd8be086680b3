import Files
import Foundation

/// A PNG, JPEG or WebP file.
public struct PictureFile: Sendable, Hashable {
  /// The file.
  public let path: String
  /// Columns of pixels of the upright picture.
  public let width: Int
  /// Rows of pixels of the upright picture.
  public let height: Int
  /// SHA-256 of the file's bytes, in hexadecimal digits.
  public let checksum: String

  private let header: PictureHeader

  /// The most pixels that are decoded: what is more is a mistake, or an attack.
  private static let mostPixels = 1 << 28
  /// The most bytes of a file: so many pixels, uncompressed.
  private static let mostBytes = 4 * mostPixels

  /// Reads what the file says about itself; decodes nothing.
  /// - Throws: ``MediaError`` with the code `unreadablePicture` for a file that cannot be read, is no picture of these
  ///   formats, or is too large.
  public init(path: String) throws {
    let bytes = try Self.bytes(of: path)
    guard let header = PictureHeader(bytes) else {
      throw MediaError(
        .unreadablePicture,
        "\(path): this is not a PNG, JPEG or WebP picture, or its beginning is damaged; convert it to one of these")
    }
    let side = max(header.width, header.height)
    guard side <= Self.mostPixels, header.width * header.height <= Self.mostPixels else {
      throw MediaError(
        .unreadablePicture,
        "\(path): \(header.width)×\(header.height) pixels are too many; make the picture smaller, it is brought to the "
          + "size of the video anyway")
    }
    self.path = path
    self.header = header
    let size = header.orientation.swapsAxes ? (header.height, header.width) : (header.width, header.height)
    (width, height) = size
    checksum = SHA256.hexadecimalDigest(of: bytes)
  }

  private static func bytes(of path: String) throws(MediaError) -> [UInt8] {
    do {
      // No pipes: ffmpeg reads the file again.
      return try FileBytes.read(path, limit: mostBytes, acceptsPipes: false)
    } catch {
      throw MediaError(.unreadablePicture, error.message, cause: error)
    }
  }

  /// Decodes the picture: upright, what is transparent flattened on white.
  /// - Throws: ``MediaError``: `noEncoder` when there is no ffmpeg, `unreadablePicture` with ffmpeg's last words when the
  ///   file is damaged; `CancellationError` when the task is canceled.
  public func read() async throws -> Picture {
    let ffmpeg = try await FFmpeg.findDecoder()
    let bytes = try await ffmpeg.decode(
      path, format: header.format.rawValue, byteCount: 4 * header.width * header.height)
    return Picture(rgba: bytes, width: header.width, height: header.height, orientation: header.orientation)
  }
}
