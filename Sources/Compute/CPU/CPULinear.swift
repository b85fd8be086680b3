import CDNN
import CKernels
import Tensor

/// A linear layer in oneDNN's form: panels of outputs, each packed.
///
/// `@unchecked Sendable`: after packing the object is only read, but for its cache of products, which has a lock.
@safe
final class CPULinear: LinearLayer, @unchecked Sendable {
  let inputs: Int
  let outputs: Int
  let byteCount: Int
  let panels: Int
  /// The type that rows must have.
  let rowType: ElementType
  /// Whether a panel may write into rows of all outputs; else its results lie side by side.
  let writesStrided: Bool
  private let panelOutputs: Int
  private let handle: OpaquePointer

  /// Makes a layer without weights.
  init(inputs: Int, outputs: Int, rowType: ElementType) throws(ComputeError) {
    panelOutputs = Self.panelOutputs(inputs: inputs, outputs: outputs, rowType: rowType)
    var handle: OpaquePointer?
    let status = unsafe svg_dnn_linear_create(
      rowType.libraryType, Int64(inputs), Int64(outputs), Int64(panelOutputs), 128, &handle)
    try check(status, "laying out a linear layer [\(outputs), \(inputs)]")
    guard let handle = unsafe handle else { preconditionFailure("a layer that was made exists") }
    unsafe self.handle = handle
    self.inputs = inputs
    self.outputs = outputs
    self.rowType = rowType
    byteCount = unsafe svg_dnn_linear_bytes(handle)
    panels = Int(unsafe svg_dnn_linear_panels(handle))
    writesStrided = unsafe svg_dnn_linear_writes_strided(handle)
  }

  deinit { unsafe svg_dnn_linear_destroy(handle) }

  /// Outputs of a panel. In bfloat16 its weights take a mebibyte, half of the second cache, and the results of a layer
  /// that fits are written to their place at once. In float32 powers of two above 256 make the rows of packed weights
  /// collide in the first cache, which halves the speed on AVX2.
  private static func panelOutputs(inputs: Int, outputs: Int, rowType: ElementType) -> Int {
    let most = rowType == .bfloat16 ? max(64, (1 << 19) / inputs / 64 * 64) : 256
    return min(outputs, most)
  }

  /// The outputs of a panel.
  func columns(ofPanel panel: Int) -> Range<Int> {
    panel * panelOutputs..<min((panel + 1) * panelOutputs, outputs)
  }

  /// Packs the weights `[n, K]` of a panel and sets its biases.
  func pack(panel: Int, weights: UnsafeRawPointer, bias: UnsafePointer<Float>) throws(ComputeError) {
    try check(unsafe svg_dnn_linear_pack(handle, Int64(panel), weights, bias), "packing a linear layer")
  }

  /// Multiplies rows with a panel.
  func run(
    panel: Int, rows: Int, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, outputStride: Int,
    outputType: ElementType, activation: Activation
  ) throws(ComputeError) {
    let status = unsafe svg_dnn_linear_run(
      handle, Int64(panel), Int64(rows), input, Int64(inputs), output, Int64(outputStride), outputType.libraryType,
      activation.libraryActivation)
    try check(status, "multiplying \(rows) rows with a linear layer [\(outputs), \(inputs)]")
  }
}

extension ElementType {
  /// oneDNN's name of the type.
  var libraryType: svg_dnn_type { self == .bfloat16 ? SVG_DNN_BFLOAT16 : SVG_DNN_FLOAT32 }
}

/// Throws when oneDNN reports a failure.
func check(_ status: svg_dnn_status, _ what: @autoclosure () -> String) throws(ComputeError) {
  switch status {
  case SVG_DNN_SUCCESS: return
  case SVG_DNN_OUT_OF_MEMORY: throw ComputeError(.outOfMemory, "memory ran out while \(what())")
  case SVG_DNN_UNSUPPORTED:
    throw ComputeError(.unsupported, "oneDNN has no implementation on this processor for \(what())")
  default: throw ComputeError(.libraryFailure, "oneDNN failed while \(what())")
  }
}
