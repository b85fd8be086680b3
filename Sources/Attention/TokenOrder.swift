/// An order of the video tokens. Orders are types, so that an index or a mask made for one cannot be used in another.
public protocol TokenOrder: Sendable {
  /// The head pattern whose band is contiguous in this order.
  static var pattern: HeadPattern { get }

  /// The index of the token of `frame` and `place`.
  static func index(frame: Int, place: Int, in layout: TokenLayout) -> Int

  /// The frame and the place of the token with `index`.
  static func position(of index: Int, in layout: TokenLayout) -> (frame: Int, place: Int)
}

/// Token (f, p) has index `f·P + p`: the tokens of a frame are neighbors. What models produce.
public enum FrameMajor: TokenOrder {
  /// A band in frame-major order keeps near frames: the spatial pattern.
  public static var pattern: HeadPattern { .spatial }

  /// `f·P + p`.
  public static func index(frame: Int, place: Int, in layout: TokenLayout) -> Int {
    frame * layout.tokensPerFrame + place
  }

  /// `(index ÷ P, index mod P)`.
  public static func position(of index: Int, in layout: TokenLayout) -> (frame: Int, place: Int) {
    (index / layout.tokensPerFrame, index % layout.tokensPerFrame)
  }
}

/// Token (f, p) has index `p·F + f`: all frames of a place are neighbors.
public enum TokenMajor: TokenOrder {
  /// A band in token-major order keeps near places in all frames: the temporal pattern.
  public static var pattern: HeadPattern { .temporal }

  /// `p·F + f`.
  public static func index(frame: Int, place: Int, in layout: TokenLayout) -> Int {
    place * layout.frames + frame
  }

  /// `(index mod F, index ÷ F)`.
  public static func position(of index: Int, in layout: TokenLayout) -> (frame: Int, place: Int) {
    (index % layout.frames, index / layout.frames)
  }
}

/// The index of a video token in one order.
public struct VideoIndex<Order: TokenOrder>: Hashable, Sendable {
  /// The index, from 0 to `V - 1`.
  public let value: Int

  /// Wraps an index that is already in this order.
  public init(_ value: Int) {
    self.value = value
  }

  /// The same token's index in another order: the placement of a head, or its inverse.
  public func converted<Other: TokenOrder>(to order: Other.Type, in layout: TokenLayout) -> VideoIndex<Other> {
    let (frame, place) = Order.position(of: value, in: layout)
    return VideoIndex<Other>(Other.index(frame: frame, place: place, in: layout))
  }
}
