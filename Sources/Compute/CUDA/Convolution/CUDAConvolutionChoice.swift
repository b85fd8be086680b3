import Tensor

/// What convolves on a GPU.
public enum CUDAConvolutionChoice: Sendable {
  /// Our kernel, everything.
  case own
  /// cuDNN where it takes a convolution and pays, our kernel where not.
  case worthwhile
  /// cuDNN whatever it takes: to check and to measure it.
  case library

  /// The fewest channels and outputs that pay: with fewer, memory sets the time, and a copy of the frames loses more than
  /// faster products save.
  private static let leastChannels = 96
  /// The fewest operations that pay. On an H200 our kernel does them in 0.1 ms, and cuDNN 9.14 in a quarter of that; what it
  /// has ready for a size of frames it finds within 1 ms, or 10 to 20 ms where it loads a kernel for the first time.
  private static let leastOperations = 1e10

  /// Whether cuDNN is asked. That depends on nothing but the sizes, so that a video is the same whatever was made before.
  /// - Parameters:
  ///   - layer: `[O, C, kt, kh, kw]`.
  ///   - places: `T · h' · w'` of the result.
  func asksLibrary(_ layer: Shape, places: Int) -> Bool {
    switch self {
    case .own: false
    case .library: true
    case .worthwhile:
      min(layer[0], layer[1]) >= Self.leastChannels
        && 2 * Double(layer.count) * Double(places) >= Self.leastOperations
    }
  }
}
