import CDNN
import Tensor

/// A linear layer in oneDNN's form: panels of outputs, each packed, and of long rows slices of inputs whose products are
/// added.
final class CPULinear: LinearLayer, Sendable {
  let inputs: Int
  let outputs: Int
  /// The type that rows must have.
  let rowType: ElementType
  let slices: [CPULinearSlice]
  private let panelOutputs: Int

  /// Makes a layer without weights.
  init(inputs: Int, outputs: Int, rowType: ElementType) throws(ComputeError) {
    let ranges = Self.slices(inputs: inputs, rowType: rowType)
    let panelOutputs = Self.panelOutputs(inputs: ranges[0].count, outputs: outputs, rowType: rowType)
    var slices: [CPULinearSlice] = []
    for range in ranges {
      slices.append(
        try CPULinearSlice(range, of: inputs, outputs: outputs, panelOutputs: panelOutputs, rowType: rowType))
    }
    self.slices = slices
    self.panelOutputs = panelOutputs
    self.inputs = inputs
    self.outputs = outputs
    self.rowType = rowType
  }

  /// Slices of at most 2048 inputs where rows of bfloat16 are longer than 4096: there oneDNN's products are half as fast,
  /// and faster again in slices. The length of all but the last is a multiple of what a tile multiplies.
  private static func slices(inputs: Int, rowType: ElementType) -> [Range<Int>] {
    guard rowType == .bfloat16 && inputs > 4096 else { return [0..<inputs] }
    let count = (inputs + 2047) / 2048
    let length = ((inputs + count - 1) / count + 31) / 32 * 32
    return stride(from: 0, to: inputs, by: length).map { $0..<min($0 + length, inputs) }
  }

  /// Outputs of a panel. In bfloat16 its weights take a mebibyte, half of the second cache, and the results of a layer
  /// that fits are written to their place at once. In float32 powers of two above 256 make the rows of packed weights
  /// collide in the first cache, which halves the speed on AVX2.
  private static func panelOutputs(inputs: Int, outputs: Int, rowType: ElementType) -> Int {
    let most = rowType == .bfloat16 ? max(64, (1 << 19) / inputs / 64 * 64) : 256
    return min(outputs, most)
  }

  var byteCount: Int { slices.reduce(0) { $0 + $1.byteCount } }

  var panels: Int { (outputs + panelOutputs - 1) / panelOutputs }

  /// Whether a panel may write into rows of all outputs; else its results lie side by side.
  var writesStrided: Bool { slices[0].writesStrided }

  /// The outputs of a panel.
  func columns(ofPanel panel: Int) -> Range<Int> {
    panel * panelOutputs..<min((panel + 1) * panelOutputs, outputs)
  }

  /// Packs the weights `[n, K]` of a panel and sets its biases.
  func pack(panel: Int, weights: UnsafeRawPointer, bias: UnsafePointer<Float>) throws(ComputeError) {
    for slice in slices { try unsafe slice.pack(panel: panel, weights: weights, stride: inputs, bias: bias) }
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
