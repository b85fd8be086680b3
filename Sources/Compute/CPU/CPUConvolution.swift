import CDNN
import Tensor

/// A convolution in oneDNN's form: one two-dimensional convolution for each step in time.
///
/// `@unchecked Sendable`: after packing the object is only read, but for its kernels and the layout of its weights, which
/// have locks.
@safe
final class CPUConvolution: ConvolutionLayer, @unchecked Sendable {
  let shape: Shape
  let stride: Int
  let padding: SpatialPadding
  let border: FrameBorder
  var byteCount: Int { unsafe svg_dnn_convolution_bytes(handle) }
  /// The type that frames must have.
  let frameType: ElementType
  private let handle: OpaquePointer

  /// Makes a convolution without weights.
  init(_ parameters: ConvolutionParameters, frameType: ElementType) throws(ComputeError) {
    let shape = parameters.weight.shape
    // oneDNN only knows zeros: rows that are given to it have any other border already.
    let padding = parameters.border == .zeros ? parameters.padding : SpatialPadding(0)
    var description = svg_dnn_convolution_shape(
      outputs: Int64(shape[0]), channels: Int64(shape[1]), depth: Int64(shape[2]), kernel_height: Int64(shape[3]),
      kernel_width: Int64(shape[4]), stride: Int64(parameters.stride), left: Int64(padding.left),
      right: Int64(padding.right))
    var handle: OpaquePointer?
    // The width only matters for the choice of a layout, which is the same for all usual ones.
    let status = unsafe svg_dnn_convolution_create(frameType.libraryType, &description, 96, &handle)
    try check(status, "laying out a convolution \(shape)")
    guard let handle = unsafe handle else { preconditionFailure("a convolution that was made exists") }
    unsafe self.handle = handle
    self.shape = shape
    self.frameType = frameType
    stride = parameters.stride
    self.padding = parameters.padding
    border = parameters.border
  }

  deinit { unsafe svg_dnn_convolution_destroy(handle) }

  /// Packs the weights `[O, C, kh, kw]` of one step in time.
  func pack(slice: Int, weights: UnsafeRawPointer) throws(ComputeError) {
    try check(unsafe svg_dnn_convolution_pack(handle, Int64(slice), weights), "packing a convolution \(shape)")
  }

  /// Sets the biases `[O]`.
  func setBias(_ bias: UnsafePointer<Float>) throws(ComputeError) {
    try check(unsafe svg_dnn_convolution_set_bias(handle, bias), "packing a convolution \(shape)")
  }

  /// Convolves rows of one frame.
  /// - Parameters:
  ///   - rows: The rows that are given.
  ///   - top: Rows of zeros above them.
  ///   - bottom: Rows of zeros below them.
  func run(
    slice: Int, rows: Int, top: Int, bottom: Int, width: Int, input: UnsafeRawPointer, output: UnsafeMutableRawPointer,
    outputType: ElementType
  ) throws(ComputeError) {
    var description = unsafe svg_dnn_slab(
      input: input, rows: Int64(rows), width: Int64(width), top: Int64(top), bottom: Int64(bottom), output: output,
      output_type: outputType.libraryType, accumulate: slice > 0)
    try check(
      unsafe svg_dnn_convolution_run(handle, Int64(slice), &description), "convolving frames with \(shape)")
  }
}

/// A 1×1×1 convolution: a linear layer over places.
struct CPUPointwiseConvolution: ConvolutionLayer {
  let shape: Shape
  let linear: CPULinear

  var byteCount: Int { linear.byteCount }
}

/// Neighboring rows of a convolved frame, and what they need of the frame.
struct ConvolutionSlab {
  /// Rows of the result.
  let outputRows: Range<Int>
  /// Rows of the frame, halo included.
  let inputRows: Range<Int>
  /// Rows of the border above and below.
  let top: Int
  let bottom: Int

  /// Cuts a frame of `height` rows into slabs whose result fits the second cache: half a mebibyte of sums, but at least
  /// 2048 places, because each slab reads all weights.
  static func slabs(height: Int, outputHeight: Int, outputWidth: Int, layer: CPUConvolution) -> [ConvolutionSlab] {
    let places = max(2048, (1 << 17) / layer.shape[0])
    let most = max(1, places / outputWidth)
    let count = (outputHeight + most - 1) / most
    let rows = (outputHeight + count - 1) / count
    return stride(from: 0, to: outputHeight, by: rows).map { first in
      let last = min(first + rows, outputHeight)
      let begin = first * layer.stride - layer.padding.top
      let end = (last - 1) * layer.stride - layer.padding.top + layer.shape[3]
      return ConvolutionSlab(
        outputRows: first..<last, inputRows: max(0, begin)..<min(height, end), top: max(0, -begin),
        bottom: max(0, end - height))
    }
  }
}
