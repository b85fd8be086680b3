import CDNN
import Tensor

/// A slice of the inputs of a linear layer, with a part of the weights of every panel.
///
/// `@unchecked Sendable`: after packing the object is only read, but for its cache of products, which has a lock.
@safe
final class CPULinearSlice: @unchecked Sendable {
  /// The inputs that it multiplies.
  let inputs: Range<Int>
  let byteCount: Int
  /// Whether a panel may write into rows of all outputs; else its results lie side by side.
  let writesStrided: Bool
  private let rowType: ElementType
  private let what: String
  private let handle: OpaquePointer

  /// Makes a slice without weights.
  init(
    _ inputs: Range<Int>, of allInputs: Int, outputs: Int, panelOutputs: Int, rowType: ElementType
  ) throws(ComputeError) {
    let what = "a linear layer [\(outputs), \(allInputs)]"
    var handle: OpaquePointer?
    let status = unsafe svg_dnn_linear_create(
      rowType.libraryType, Int64(inputs.count), Int64(outputs), Int64(panelOutputs), 128, &handle)
    try check(status, "laying out \(what)")
    guard let handle = unsafe handle else { preconditionFailure("a layer that was made exists") }
    unsafe self.handle = handle
    self.inputs = inputs
    self.rowType = rowType
    self.what = what
    byteCount = unsafe svg_dnn_linear_bytes(handle)
    writesStrided = unsafe svg_dnn_linear_writes_strided(handle)
  }

  deinit { unsafe svg_dnn_linear_destroy(handle) }

  /// Packs its columns of the weights of a panel, whose rows are `stride` elements apart, and sets the biases.
  func pack(
    panel: Int, weights: UnsafeRawPointer, stride: Int, bias: UnsafePointer<Float>
  ) throws(ComputeError) {
    let status = unsafe svg_dnn_linear_pack(
      handle, Int64(panel), weights + inputs.lowerBound * rowType.byteCount, Int64(stride), bias)
    try check(status, "packing \(what)")
  }

  /// Multiplies rows of as many elements as the slice has inputs with a panel.
  /// - Parameter adds: Whether the product is added to the output, without biases.
  func run(
    panel: Int, rows: Int, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, outputStride: Int,
    outputType: ElementType, activation: Activation, adds: Bool
  ) throws(ComputeError) {
    var description = unsafe svg_dnn_rows(
      count: Int64(rows), x: input, x_stride: Int64(inputs.count), y: output, y_stride: Int64(outputStride),
      y_type: outputType.libraryType, activation: activation.libraryActivation, accumulate: adds)
    let status = unsafe svg_dnn_linear_run(handle, Int64(panel), &description)
    try check(status, "multiplying \(rows) rows with \(what)")
  }
}
