/// What a video file says about itself.
public struct VideoMetadata: Sendable, Hashable {
  /// A title: the prompt.
  public var title: String
  /// How the video was made: JSON.
  public var comment: String

  /// Creates metadata.
  public init(title: String, comment: String) {
    self.title = title
    self.comment = comment
  }

  /// The metadata in ffmpeg's own format, which has no limit on lengths where a command line has one.
  ///
  /// - SeeAlso: <https://ffmpeg.org/ffmpeg-formats.html#Metadata-2>
  var ffmetadata: String {
    ";FFMETADATA1\ntitle=\(Self.escaped(title))\ncomment=\(Self.escaped(comment))\n"
  }

  /// A value in which `=`, `;`, `#`, `\` and line ends are escaped; zero bytes, which end a value, are left out.
  private static func escaped(_ value: String) -> String {
    var result = ""
    for scalar in value.unicodeScalars where scalar != "\0" {
      if "=;#\\\n".unicodeScalars.contains(scalar) { result.unicodeScalars.append("\\") }
      result.unicodeScalars.append(scalar)
    }
    return result
  }
}
