/// A convolution over pictures, followed by `max(0, x)`.
struct Convolution: Sendable {
  /// Output channels, input channels, and the width and height of the square kernel.
  let outputs: Int
  let inputs: Int
  let extent: Int
  /// Pixels from one place of the kernel to the next.
  let stride: Int
  /// Zeros around the picture.
  let padding: Int
  /// `[O'/block, I·K·K, block]`: the kernel in the order in which it is read, filled up with zeros to `O'` outputs.
  private let kernel: [Float]
  /// `[O]`.
  private let bias: [Float]

  /// Output channels that are computed together: four of them and eight pixels fill the vector registers of every
  /// processor we run on.
  private static let block = 4
  /// Pixels that share a vector.
  private static let lanes = 8
  /// Pixels whose patches are gathered together, so that they stay in the cache while all channels use them.
  private static let tile = 32

  /// Creates a convolution.
  /// - Parameters:
  ///   - kernel: `[O, I, K, K]`, row-major.
  ///   - bias: `[O]`.
  init(kernel: [Float], bias: [Float], outputs: Int, inputs: Int, extent: Int, stride: Int, padding: Int) {
    self.outputs = outputs
    self.inputs = inputs
    self.extent = extent
    self.stride = stride
    self.padding = padding
    self.bias = bias
    let depth = inputs * extent * extent
    let blocks = (outputs + Self.block - 1) / Self.block
    var packed = [Float](repeating: 0, count: blocks * depth * Self.block)
    for output in 0..<outputs {
      let start = output / Self.block * depth * Self.block + output % Self.block
      for index in 0..<depth { packed[start + index * Self.block] = kernel[output * depth + index] }
    }
    self.kernel = packed
  }

  /// The convolved picture, its negative values set to zero; a map without pixels when the kernel does not fit.
  /// - Complexity: O(`O·I·K²`) per pixel; one thread.
  func rectified(_ input: FeatureMap) -> FeatureMap {
    let rows = max((input.height + 2 * padding - extent) / stride + 1, 0)
    let columns = max((input.width + 2 * padding - extent) / stride + 1, 0)
    var result = FeatureMap(channels: outputs, height: rows, width: columns)
    let depth = inputs * extent * extent
    let pixels = rows * columns
    var patches = [Float](repeating: 0, count: depth * Self.tile)
    for first in Swift.stride(from: 0, to: pixels, by: Self.tile) {
      let count = min(Self.tile, pixels - first)
      gather(input, first: first, count: count, columns: columns, into: &patches)
      multiply(patches, depth: depth, first: first, count: count, pixels: pixels, into: &result.values)
    }
    return result
  }

  /// Lays the patches of `count` output pixels side by side: `[tile/lanes, I·K·K, lanes]`.
  private func gather(_ input: FeatureMap, first: Int, count: Int, columns: Int, into patches: inout [Float]) {
    let depth = inputs * extent * extent
    for place in 0..<count {
      let top = (first + place) / columns * stride - padding
      let left = (first + place) % columns * stride - padding
      var row = place / Self.lanes * depth * Self.lanes + place % Self.lanes
      for channel in 0..<inputs {
        for y in top..<top + extent {
          for x in left..<left + extent {
            let isInside = y >= 0 && y < input.height && x >= 0 && x < input.width
            patches[row] = isInside ? input.values[(channel * input.height + y) * input.width + x] : 0
            row += Self.lanes
          }
        }
      }
    }
  }

  /// Multiplies the kernel with gathered patches.
  ///
  /// On bare addresses after one check of the bounds, because checks in the innermost loop cost more than its
  /// arithmetic.
  private func multiply(
    _ patches: [Float], depth: Int, first: Int, count: Int, pixels: Int, into values: inout [Float]
  ) {
    precondition(patches.count >= depth * Self.tile && values.count >= outputs * pixels && first + count <= pixels)
    unsafe patches.withUnsafeBytes { patches in
      unsafe kernel.withUnsafeBytes { kernel in
        for output in Swift.stride(from: 0, to: outputs, by: Self.block) {
          for place in Swift.stride(from: 0, to: count, by: Self.lanes) {
            var (sum0, sum1) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
            var (sum2, sum3) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
            // Both are blocks of `depth` vectors, one after the other.
            let pixelVectors = unsafe patches.baseAddress! + place * depth * MemoryLayout<Float>.size
            let weightVectors = unsafe kernel.baseAddress! + output * depth * MemoryLayout<Float>.size
            for index in 0..<depth {
              let pixel = unsafe pixelVectors.loadUnaligned(fromByteOffset: index * 32, as: SIMD8<Float>.self)
              let weight = unsafe weightVectors.loadUnaligned(fromByteOffset: index * 16, as: SIMD4<Float>.self)
              sum0 += pixel * weight[0]
              sum1 += pixel * weight[1]
              sum2 += pixel * weight[2]
              sum3 += pixel * weight[3]
            }
            for (offset, sum) in [sum0, sum1, sum2, sum3].enumerated() where output + offset < outputs {
              for lane in 0..<min(Self.lanes, count - place) {
                values[(output + offset) * pixels + first + place + lane] = max(sum[lane] + bias[output + offset], 0)
              }
            }
          }
        }
      }
    }
  }
}
