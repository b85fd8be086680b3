import CDNN
import CKernels
import Tensor

extension CPUDevice {
  /// The type that oneDNN multiplies.
  var productType: ElementType {
    activationType == .bfloat16 && Self.multipliesBFloat16 ? .bfloat16 : .float32
  }

  /// Makes a layer for bfloat16 products where oneDNN has them for its shape, else for float32.
  func withProductType<Layer>(
    _ make: (ElementType) throws(ComputeError) -> Layer
  ) throws(ComputeError) -> Layer {
    do throws(ComputeError) {
      return try make(productType)
    } catch {
      guard productType != .float32 && error.code == .unsupported else { throw error }
      return try make(.float32)
    }
  }

  /// Packs the weights panel by panel, and lets go of each panel's pages where they are a file's: nothing is held twice but
  /// the panels that threads are at.
  public func makeLinear(_ parameters: LinearParameters) throws -> any LinearLayer {
    try measure(.linear) {
      let layer = try withProductType { (type) throws(ComputeError) in
        try CPULinear(inputs: parameters.inputs, outputs: parameters.outputs, rowType: type)
      }
      try pool.expect(layer.byteCount)
      let bias = try stackedBias(parameters)
      try workers.run(layer.panels) { panel in
        let columns = layer.columns(ofPanel: panel)
        let scratch = try makeTensor([columns.count, parameters.inputs], layer.rowType)
        try unsafe scratch.withHostPointer { weights in
          unsafe copyRows(columns, of: parameters, to: weights, layer.rowType)
          try unsafe bias.withHostPointer { bias in
            try unsafe layer.pack(
              panel: panel, weights: weights, bias: bias.assumingMemoryBound(to: Float.self) + columns.lowerBound)
          }
        }
      }
      return layer
    }
  }

  /// All biases as float32, zeros where there are none.
  private func stackedBias(_ parameters: LinearParameters) throws -> Tensor {
    guard !parameters.biases.isEmpty else {
      return Tensor([Float](repeating: 0, count: parameters.outputs), shape: [parameters.outputs])
    }
    return try concatenate(parameters.biases.map { try convert($0, to: .float32) })
  }

  /// Converts rows of the stacked weights and lets go of them.
  private func copyRows(
    _ rows: Range<Int>, of parameters: LinearParameters, to target: UnsafeMutableRawPointer, _ type: ElementType
  ) {
    var first = 0
    for weight in parameters.weights {
      let part = rows.clamped(to: first..<first + weight.shape[0])
      if !part.isEmpty {
        let source = weight.slice(part.lowerBound - first..<part.upperBound - first)
        unsafe source.withHostPointer { address in
          unsafe svg_convert_rows(
            instructionSet, address + parameters.columns.lowerBound * source.elementType.byteCount,
            source.elementType.kernelNumber, Int64(source.shape[1]),
            target + (part.lowerBound - rows.lowerBound) * parameters.inputs * type.byteCount, type.kernelNumber,
            Int64(parameters.inputs), Int64(part.count), Int64(parameters.inputs))
        }
        source.release()
      }
      first += weight.shape[0]
    }
  }

  /// `activation(x Wᵀ + b)`.
  public func linear(_ input: Tensor, _ layer: any LinearLayer, activation: Activation) throws -> Tensor {
    guard let layer = layer as? CPULinear else { preconditionFailure("the layer was made by another device") }
    return try measure(.linear) { try product(of: input, layer, activation) }
  }

  /// `activation(x Wᵀ + b)`, booked by the caller.
  func product(of input: Tensor, _ layer: CPULinear, _ activation: Activation) throws -> Tensor {
    let result = try makeTensor(Shape(input.shape.dimensions.dropLast() + [layer.outputs]), activationType)
    try forEachTile(of: input, layer) { tile in
      try unsafe result.withHostPointer { output in
        let start = tile.rows.lowerBound * layer.outputs + tile.columns.lowerBound
        try unsafe multiply(
          tile, input, activation, to: output + start * activationType.byteCount, stride: layer.outputs)
      }
    }
    return result
  }

  /// `residual += gate · (x Wᵀ + b)`, tile by tile, while the product is in cache.
  public func addLinear(
    _ input: Tensor, _ layer: any LinearLayer, to residual: inout Tensor, gates: [RowGate]
  ) throws {
    guard let layer = layer as? CPULinear else { preconditionFailure("the layer was made by another device") }
    precondition(
      residual.shape.count == input.shape.rows * layer.outputs,
      "\(residual) is no residual of \(input) times \(layer.outputs)")
    let target = residual
    try measure(.linear) {
      let sections = rowSections(gates.map(\.rows), count: input.shape.rows)
      try forEachTile(of: input, layer) { tile in
        let product = try makeTensor([tile.rows.count, tile.columns.count], .float32)
        try unsafe product.withHostPointer { address in
          try unsafe multiply(
            tile, input, .identity, to: address, stride: tile.columns.count, type: .float32)
          unsafe add(
            address.assumingMemoryBound(to: Float.self), tile, to: target, width: layer.outputs, sections, gates)
        }
      }
    }
  }

  /// Adds the product of a tile to the residual, each section of rows with its gate.
  private func add(
    _ product: UnsafePointer<Float>, _ tile: LinearTile, to residual: Tensor, width: Int, _ sections: [RowSection],
    _ gates: [RowGate]
  ) {
    unsafe residual.withHostPointer { target in
      for section in sections {
        let rows = section.rows.clamped(to: tile.rows)
        guard !rows.isEmpty else { continue }
        let gate = section.index.map { gates[$0].gate }
        unsafe withFloats(gate) { gate in
          unsafe svg_add_gated(
            instructionSet, residual.elementType.kernelElement,
            product + (rows.lowerBound - tile.rows.lowerBound) * tile.columns.count, Int64(tile.columns.count),
            unsafe gate.map { unsafe $0 + tile.columns.lowerBound },
            target + (rows.lowerBound * width + tile.columns.lowerBound) * residual.elementType.byteCount,
            Int64(width), Int64(rows.count), Int64(tile.columns.count))
        }
      }
    }
  }

  /// Runs `body` for tiles of rows and panels, in parallel; neighboring tiles share their panel, which is larger than the
  /// rows and stays in the second cache.
  private func forEachTile(
    of input: Tensor, _ layer: CPULinear, _ body: (LinearTile) throws -> Void
  ) throws {
    precondition(input.shape[-1] == layer.inputs, "\(input) does not fit a layer with \(layer.inputs) inputs")
    let rows = input.shape.rows
    // Independent of the number of threads, because oneDNN's sums may depend on the rows of a product. Narrow rows go
    // together: a call takes some microseconds, however little it multiplies.
    let narrow = (1 << 16) / (layer.inputs + layer.outputs) / 64 * 64
    let chunk = rows < 2048 ? 64 : layer.slices.count > 1 ? 256 : max(128, min(1024, narrow))
    let chunks = (rows + chunk - 1) / chunk
    try workers.run(chunks * layer.panels) { task in
      let first = task % chunks * chunk
      let panel = task / chunks
      try body(
        LinearTile(
          layer: layer, panel: panel, rows: first..<min(first + chunk, rows), columns: layer.columns(ofPanel: panel)))
    }
  }

  /// Multiplies a tile; rows and results that oneDNN cannot take as they are go through a copy in cache.
  private func multiply(
    _ tile: LinearTile, _ input: Tensor, _ activation: Activation, to output: UnsafeMutableRawPointer, stride: Int,
    type: ElementType? = nil
  ) throws {
    let type = type ?? activationType
    let layer = tile.layer
    let rows = try converted(
      input.reshaped([input.shape.rows, layer.inputs]).slice(tile.rows), to: layer.rowType)
    // Sums of several slices are float32; so is all that oneDNN makes of float32 rows.
    let productType = layer.rowType == .float32 || layer.slices.count > 1 ? .float32 : type
    guard productType != type || (stride != tile.columns.count && !layer.writesStrided) else {
      return try unsafe multiplySlices(tile, rows, activation, to: output, stride: stride, type: type)
    }
    let product = try makeTensor([tile.rows.count, tile.columns.count], productType)
    try unsafe product.withHostPointer { address in
      try unsafe multiplySlices(tile, rows, activation, to: address, stride: tile.columns.count, type: productType)
      unsafe svg_convert_rows(
        instructionSet, address, productType.kernelNumber, Int64(tile.columns.count), output, type.kernelNumber,
        Int64(stride), Int64(tile.rows.count), Int64(tile.columns.count))
    }
  }

  /// Multiplies the slices of a tile one after the other, each with its columns of the rows, which oneDNN wants without
  /// gaps.
  private func multiplySlices(
    _ tile: LinearTile, _ rows: Tensor, _ activation: Activation, to output: UnsafeMutableRawPointer, stride: Int,
    type: ElementType
  ) throws {
    let layer = tile.layer
    let (count, bytes) = (tile.rows.count, layer.rowType.byteCount)
    for (index, slice) in layer.slices.enumerated() {
      let isWhole = slice.inputs.count == layer.inputs
      let part = isWhole ? rows : try makeTensor([count, slice.inputs.count], layer.rowType)
      try unsafe part.withHostPointer { part in
        if !isWhole {
          unsafe rows.withHostPointer { rows in
            unsafe svg_convert_rows(
              instructionSet, rows + slice.inputs.lowerBound * bytes, layer.rowType.kernelNumber, Int64(layer.inputs),
              part, layer.rowType.kernelNumber, Int64(slice.inputs.count), Int64(count), Int64(slice.inputs.count))
          }
        }
        try unsafe slice.run(
          panel: tile.panel, rows: count, input: part, output: output, outputStride: stride, outputType: type,
          activation: index == layer.slices.count - 1 ? activation : .identity, adds: index > 0)
      }
    }
  }
}

/// Some rows of an input and the outputs of one panel.
private struct LinearTile {
  let layer: CPULinear
  let panel: Int
  let rows: Range<Int>
  let columns: Range<Int>
}
