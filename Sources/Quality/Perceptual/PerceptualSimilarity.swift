import Tensor

/// The learned perceptual distance between pictures (LPIPS, version 0.1), with weights that the user has.
///
/// The weights are the state dictionary of `lpips.LPIPS(net="alex")` or `lpips.LPIPS(net="vgg")` of the Python package
/// `lpips`, saved as safetensors:
/// - `net.slice<1…5>.<n>.weight` `[O, I, K, K]` and `.bias` `[O]`: the convolutions, numbered as in torchvision:
///   AlexNet 0 | 3 | 6 | 8 | 10, VGG-16 0, 2 | 5, 7 | 10, 12, 14 | 17, 19, 21 | 24, 26, 28 for the five slices;
/// - `lin<0…4>.model.1.weight` `[1, O, 1, 1]`: the weight of each channel at the end of a slice.
///
/// Other tensors are ignored; which network it is shows in the names. Numbers of channels are those of the weights.
/// - SeeAlso: R. Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", 2018,
///   <https://arxiv.org/abs/1801.03924>.
public struct PerceptualSimilarity: Sendable {
  private enum Stage {
    case convolution(Convolution)
    case pooling(extent: Int, stride: Int)
  }

  /// The network.
  public let backbone: PerceptualBackbone
  private let slices: [[Stage]]
  /// For each slice, the weight of each channel.
  private let channelWeights: [[Float]]

  /// Takes the weights over.
  /// - Parameter weights: Floating-point tensors in the processor's memory, by their names in the file.
  /// - Throws: ``QualityError`` with code `unusableWeights` naming a tensor that is missing or has other extents.
  public init(weights: [String: Tensor]) throws {
    func tensor(_ name: String, _ shape: [Int?]) throws -> Tensor {
      guard let tensor = weights[name] else {
        throw QualityError(
          .unusableWeights, "\(name) is missing, a tensor of lpips.LPIPS for the network \(backbone.rawValue)")
      }
      guard
        tensor.elementType != .int32, tensor.shape.rank == shape.count,
        zip(tensor.shape.dimensions, shape).allSatisfy({ $0 > 0 && ($1 == nil || $0 == $1) })
      else {
        let expected = shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
        throw QualityError(.unusableWeights, "\(name) is \(tensor), but floating-point [\(expected)] is needed")
      }
      return tensor
    }
    let backbone = PerceptualBackbone(weightNames: weights.keys)
    self.backbone = backbone
    var channels = 3
    var slices: [[Stage]] = []
    var channelWeights: [[Float]] = []
    for (index, layers) in backbone.slices.enumerated() {
      var stages: [Stage] = []
      for layer in layers {
        switch layer {
        case .pooling(let extent, let stride): stages.append(.pooling(extent: extent, stride: stride))
        case .convolution(let number, let extent, let stride, let padding):
          let name = "net.slice\(index + 1).\(number)"
          let kernel = try tensor("\(name).weight", [nil, channels, extent, extent])
          let outputs = kernel.shape[0]
          stages.append(
            .convolution(
              Convolution(
                kernel: kernel.floats(), bias: try tensor("\(name).bias", [outputs]).floats(), outputs: outputs,
                inputs: channels, extent: extent, stride: stride, padding: padding)))
          channels = outputs
        }
      }
      slices.append(stages)
      channelWeights.append(try tensor("lin\(index).model.1.weight", [1, channels, 1, 1]).floats())
    }
    self.slices = slices
    self.channelWeights = channelWeights
  }

  /// The distance of each frame to the same frame of the reference, in frame order: 0 for identical frames.
  /// - Throws: ``QualityError`` with code `framesTooSmall` when nothing is left of a frame at the network's end.
  /// - Complexity: One thread; per frame of 256×256 some tenths of a second with AlexNet, some seconds with VGG-16.
  public func distances(of pair: FramePair) throws -> [Double] {
    try (0..<pair.frameCount).map { frame in
      var (first, second) = pair.withFrame(frame) {
        (scaled($0, height: pair.height, width: pair.width), scaled($1, height: pair.height, width: pair.width))
      }
      var sum = 0.0
      for (stages, weights) in zip(slices, channelWeights) {
        for stage in stages {
          switch stage {
          case .convolution(let convolution):
            (first, second) = (convolution.rectified(first), convolution.rectified(second))
          case .pooling(let extent, let stride):
            first = first.maximumPooled(extent: extent, stride: stride)
            second = second.maximumPooled(extent: extent, stride: stride)
          }
        }
        guard first.height > 0, first.width > 0 else {
          throw QualityError(
            .framesTooSmall,
            "frames of \(pair.width)×\(pair.height) pixels are too small for the perceptual similarity with "
              + backbone.rawValue)
        }
        sum += distance(first, second, weights)
      }
      return sum
    }
  }

  /// A frame as the networks were trained on: from `[0, 1]` to `[-1, 1]`, and then the package's shift and scale.
  private func scaled(_ frame: Span<Float>, height: Int, width: Int) -> FeatureMap {
    let (shift, scale): ([Float], [Float]) = ([-0.030, -0.088, -0.188], [0.458, 0.448, 0.450])
    var map = FeatureMap(channels: 3, height: height, width: width)
    for pixel in 0..<height * width {
      for channel in 0..<3 {
        let value = 2 * frame[pixel * 3 + channel] - 1
        map.values[channel * height * width + pixel] = (value - shift[channel]) / scale[channel]
      }
    }
    return map
  }

  /// The weighted squared difference of the features, each pixel's scaled to length 1, averaged over the pixels.
  private func distance(_ first: FeatureMap, _ second: FeatureMap, _ weights: [Float]) -> Double {
    let pixels = first.height * first.width
    var sum = 0.0
    for pixel in 0..<pixels {
      var (one, other) = (0.0, 0.0)
      for channel in 0..<first.channels {
        let (x, y) = (Double(first.values[channel * pixels + pixel]), Double(second.values[channel * pixels + pixel]))
        one += x * x
        other += y * y
      }
      // The package's guard against a pixel without features.
      let (scaleOne, scaleOther) = (1 / (one.squareRoot() + 1e-10), 1 / (other.squareRoot() + 1e-10))
      for channel in 0..<first.channels {
        let x = Double(first.values[channel * pixels + pixel]) * scaleOne
        let y = Double(second.values[channel * pixels + pixel]) * scaleOther
        sum += Double(weights[channel]) * (x - y) * (x - y)
      }
    }
    return sum / Double(pixels)
  }
}
