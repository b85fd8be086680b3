/// A network whose features the perceptual similarity compares.
public enum PerceptualBackbone: String, Hashable, Sendable, Codable, CaseIterable {
  /// The convolutions of AlexNet.
  case alexNet
  /// The convolutions of VGG-16.
  case vgg16

  /// A layer of the network.
  enum Layer {
    /// A convolution and its rectification; the number is that of torchvision's `features`, which names its weights.
    case convolution(Int, extent: Int, stride: Int, padding: Int)
    /// A maximum over squares.
    case pooling(extent: Int, stride: Int)
  }

  /// The layers of each of the five slices; the features that are compared are those at the end of each.
  var slices: [[Layer]] {
    switch self {
    case .alexNet:
      let pooling = Layer.pooling(extent: 3, stride: 2)
      return [
        [.convolution(0, extent: 11, stride: 4, padding: 2)],
        [pooling, .convolution(3, extent: 5, stride: 1, padding: 2)],
        [pooling, .convolution(6, extent: 3, stride: 1, padding: 1)],
        [.convolution(8, extent: 3, stride: 1, padding: 1)],
        [.convolution(10, extent: 3, stride: 1, padding: 1)],
      ]
    case .vgg16:
      let convolutions = [[0, 2], [5, 7], [10, 12, 14], [17, 19, 21], [24, 26, 28]]
      return convolutions.enumerated().map { slice, numbers in
        (slice == 0 ? [] : [.pooling(extent: 2, stride: 2)])
          + numbers.map { .convolution($0, extent: 3, stride: 1, padding: 1) }
      }
    }
  }

  /// The network that weights belong to: only VGG-16 has a second convolution in its first slice.
  init(weightNames: some Sequence<String>) {
    self = weightNames.contains("net.slice1.2.weight") ? .vgg16 : .alexNet
  }
}
