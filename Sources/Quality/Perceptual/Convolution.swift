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
  /// `[I·K·K, O']`: the kernel, transposed, and filled up with zeros to `O'`, a multiple of ``block``.
  private let kernel: [Float]
  /// `[O]`.
  private let bias: [Float]

  /// Output channels that are computed together: four of them and eight pixels fill the vector registers of every
  /// processor we run on.
  private static let block = 4
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
    let padded = (outputs + Self.block - 1) / Self.block * Self.block
    var transposed = [Float](repeating: 0, count: depth * padded)
    for output in 0..<outputs {
      for index in 0..<depth { transposed[index * padded + output] = kernel[output * depth + index] }
    }
    self.kernel = transposed
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

  /// Lays the patches of `count` output pixels side by side: `[I·K·K, tile]`.
  private func gather(_ input: FeatureMap, first: Int, count: Int, columns: Int, into patches: inout [Float]) {
    for place in 0..<count {
      let top = (first + place) / columns * stride - padding
      let left = (first + place) % columns * stride - padding
      var row = place
      for channel in 0..<inputs {
        for y in top..<top + extent {
          for x in left..<left + extent {
            let isInside = y >= 0 && y < input.height && x >= 0 && x < input.width
            patches[row] = isInside ? input.values[(channel * input.height + y) * input.width + x] : 0
            row += Self.tile
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
    let padded = kernel.count / depth
    precondition(patches.count >= depth * Self.tile && values.count >= outputs * pixels && first + count <= pixels)
    unsafe patches.withUnsafeBufferPointer { patches in
      unsafe kernel.withUnsafeBufferPointer { kernel in
        for place in Swift.stride(from: 0, to: count, by: 8) {
          for output in Swift.stride(from: 0, to: outputs, by: Self.block) {
            var (sum0, sum1) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
            var (sum2, sum3) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
            for index in 0..<depth {
              let source = unsafe UnsafeRawPointer(patches.baseAddress! + index * Self.tile + place)
              let pixel = unsafe source.loadUnaligned(as: SIMD8<Float>.self)
              let weights = unsafe UnsafeRawPointer(kernel.baseAddress! + index * padded + output)
              let weight = unsafe weights.loadUnaligned(as: SIMD4<Float>.self)
              sum0 += pixel * weight[0]
              sum1 += pixel * weight[1]
              sum2 += pixel * weight[2]
              sum3 += pixel * weight[3]
            }
            for (offset, sum) in [sum0, sum1, sum2, sum3].enumerated() where output + offset < outputs {
              for lane in 0..<min(8, count - place) {
                values[(output + offset) * pixels + first + place + lane] = max(sum[lane] + bias[output + offset], 0)
              }
            }
          }
        }
      }
    }
  }
}
