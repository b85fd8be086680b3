import Tensor

/// A convolution as cuDNN is asked for it: channels are the last dimension in memory, and zeros lie around the images.
struct CUDAConvolutionProblem: Hashable, Sendable {
  /// Images that do not see each other.
  let images: Int
  /// `C`.
  let channels: Int
  /// `O`.
  let outputs: Int
  /// The size of an image: rows and columns, or frames, rows and columns.
  let size: [Int]
  /// The size of the kernel in the same directions.
  let window: [Int]
  /// Places from one result to the next.
  let steps: [Int]
  /// Zeros before and after.
  let padding: [Int]

  /// The size of a result.
  var resultSize: [Int] { size.indices.map { (size[$0] + 2 * padding[$0] - window[$0]) / steps[$0] + 1 } }

  /// Extents in the library's order `[n, c, …]`, and how far apart their elements are.
  struct Layout: Hashable, Sendable {
    let extents, strides: [Int64]

    init(_ count: Int, channels: Int, size: [Int]) {
      extents = ([count, channels] + size).map(Int64.init)
      var distance = channels
      var inner: [Int64] = []
      for extent in size.reversed() {
        inner.insert(Int64(distance), at: 0)
        distance *= extent
      }
      strides = [Int64(distance), 1] + inner
    }
  }

  /// The images.
  var input: Layout { Layout(images, channels: channels, size: size) }
  /// The kernel, `[O, taps, C]` in memory.
  var weights: Layout { Layout(outputs, channels: channels, size: window) }
  /// The results.
  var output: Layout { Layout(images, channels: outputs, size: resultSize) }
  /// The biases, as one image of one place.
  var bias: Layout { Layout(1, channels: outputs, size: size.map { _ in 1 }) }
}

/// How cuDNN is given a convolution over frames: what is copied first, and how many frames at a time.
///
/// The library knows neither frames before the first nor a border of nearest places. Where there are any, frames are
/// copied with what lies before and around them, so that it convolves without a border.
struct CUDAConvolutionForm: Hashable, Sendable {
  /// What the copy writes around each frame; `nil` when frames are taken as they lie.
  let copiedBorder: SpatialPadding?
  /// Frames of a piece; pieces are convolved one after the other.
  let pieceFrames: Int
  private let layer: Shape
  private let stride: Int
  private let padding: [Int]

  /// Bytes that a copy takes at most, unless a single frame needs more.
  static let copyBytes = 1 << 30
  /// Elements of an operand: what the library's kernels count with 32 bits.
  private static let mostElements = 1 << 31 - 1

  /// - Parameters:
  ///   - frames: `[T, h, w, C]`.
  ///   - resultArea: `h' · w'`.
  /// - Returns: `nil` when the library does not take it: where rows of channels are no multiple of 16 bytes, or a frame has
  ///   more elements than it counts. Nor is it given kernels of one place: what cuDNN 9.14 has ready for them rounds before
  ///   it adds what is in the output, which errs by up to 1.8 times our tolerance.
  init?(_ frames: Shape, resultArea: Int, _ layer: CUDAConvolution, copyBytes: Int = Self.copyBytes) {
    let (outputs, channels, depth) = (layer.shape[0], layer.shape[1], layer.shape[2])
    let step = CUDAConvolution.channelStep
    guard channels % step == 0, outputs % step == 0, layer.shape.count > outputs * channels else { return nil }
    let around = layer.padding
    // Zeros that are the same on opposite sides need not be in memory.
    let isPaddedByLibrary =
      around == SpatialPadding(0)
      || layer.border == .zeros && around.top == around.bottom && around.left == around.right
    self.layer = layer.shape
    stride = layer.stride
    padding = isPaddedByLibrary ? [around.top, around.left] : [0, 0]
    let isCopied = depth > 1 || !isPaddedByLibrary
    copiedBorder = isCopied ? (isPaddedByLibrary ? SpatialPadding(0) : around) : nil
    let border = copiedBorder ?? SpatialPadding(0)
    let area = (frames[1] + border.top + border.bottom) * (frames[2] + border.left + border.right)
    var most = Self.mostElements / max(1, resultArea * outputs)
    most = min(most, Self.mostElements / max(1, area * channels) - (depth - 1))
    if isCopied { most = min(most, max(1, copyBytes / max(1, 2 * area * channels) - (depth - 1))) }
    guard most > 0, frames.count > 0 else { return nil }
    let pieces = (frames[0] + most - 1) / most
    pieceFrames = (frames[0] + pieces - 1) / pieces
  }

  /// The size of a copied frame.
  func copiedSize(height: Int, width: Int) -> (height: Int, width: Int) {
    let border = copiedBorder ?? SpatialPadding(0)
    return (height + border.top + border.bottom, width + border.left + border.right)
  }

  /// The convolution of a piece whose frames have a size.
  func problem(frames: Int, height: Int, width: Int) -> CUDAConvolutionProblem {
    let size = copiedSize(height: height, width: width)
    let isPlanar = layer[2] == 1
    // Frames that do not see each other are so many images.
    return CUDAConvolutionProblem(
      images: isPlanar ? frames : 1, channels: layer[1], outputs: layer[0],
      size: (isPlanar ? [] : [frames + layer[2] - 1]) + [size.height, size.width],
      window: (isPlanar ? [] : [layer[2]]) + [layer[3], layer[4]], steps: (isPlanar ? [] : [1]) + [stride, stride],
      padding: (isPlanar ? [] : [0]) + padding)
  }
}
